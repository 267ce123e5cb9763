"""Charts that pages and notebooks share: plain functions from plain data to HoloViews elements (Bokeh backend).

    style     Look (language, dark, size), Unit (how a number reads), axes, frames
    lines     lines_by_month, curves: with bands, marks, and the baseline as a dashed ghost
    bars      bars_by_month, tier_sizes, expiry_schedule, waterfall, winners_and_losers, intervals, lying_bars, segments
    grids     migration_matrix, migration_flow (Sankey), triangle, grid (a sweep over two levers)
    search    tornado, pareto
    trust     power_curve, reliability
    month     the one that follows a slider: a Bokeh figure over one ColumnDataSource, changed in place

A page shows one by ``pn.pane.HoloViews(element)``, and anew by giving the pane another element; ``style.figure_of`` gives the Bokeh figure.
Of what stands beside a chart, its sentence and its table, a chart knows nothing.
"""
