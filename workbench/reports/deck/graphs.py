"""Floor 5: graphs as native charts, with their numbers in a workbook inside, so that they can be edited."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.enum.dml import MSO_LINE_DASH_STYLE, MSO_PATTERN_TYPE
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from workbench.reports.deck.office import Frame, clean, named
from workbench.reports.exhibits.kinds import Graph, Line, number_format, unit_name
from workbench.reports.language import Language
from workbench.reports.scales import linear

__all__ = ["add_graph"]

TYPES = {
    "columns": XL_CHART_TYPE.COLUMN_CLUSTERED, "stack": XL_CHART_TYPE.COLUMN_STACKED, "lines": XL_CHART_TYPE.LINE,
    "area": XL_CHART_TYPE.AREA, "band": XL_CHART_TYPE.AREA_STACKED, "bars": XL_CHART_TYPE.BAR_CLUSTERED,
    "dots": XL_CHART_TYPE.BAR_CLUSTERED,
}  # fmt: skip
INK, MUTED, GRID = RGBColor(0x1C, 0x27, 0x33), RGBColor(0x56, 0x65, 0x73), RGBColor(0xE3, 0xE8, 0xED)
SIZE = 11
MONTHS = {"en": "[$-409]mmm yyyy", "zh-Hant": 'yyyy"年"m"月"'}
BAND_ALPHA = 30_000
"""Opacity of an interval, in thousandths of a per cent."""
CREATED = datetime(2000, 1, 1)
"""Stands as the day in workbooks inside a deck; they have none of their own."""


def add_graph(slide: Any, graph: Graph, place: Frame, say: Language, currency: str) -> Any:
    """Put a graph on a slide as a chart; returns the chart."""
    lines = _drawn(graph, say)
    code = number_format(graph.unit, say, currency)
    data = CategoryChartData(number_format=code)
    data.categories = [each if isinstance(each, date) else clean(each) for each in graph.categories]
    for line in lines:
        data.add_series(clean(line.name), line.values)
    frame = slide.shapes.add_chart(TYPES[graph.kind], *(Inches(each) for each in place), data)
    frame.name = clean(graph.title)
    frame._element.nvGraphicFramePr.cNvPr.set("descr", clean(graph.title))
    chart = frame.chart
    chart.part.chart_workbook.update_from_xlsx_blob(_workbook(graph, lines, code))
    _texts(chart, graph, say)
    _axes(chart, graph, say, currency, code)
    for place_of, (series, line) in enumerate(zip(chart.plots[0].series, lines, strict=True)):
        _style(series, line, graph, place_of)
    if graph.kind == "band":
        _line_over_band(chart, lines)
    if graph.kind == "dots":
        _whiskers(chart, lines[0])
    _legend(chart, graph, lines)
    return chart


def _drawn(graph: Graph, say: Language) -> Sequence[Line]:
    """The series of the chart. A band is its lower end, which is not seen, its width, and the line in it."""
    if graph.kind != "band":
        return graph.lines
    line = graph.lines[0]
    low, high = line.low or line.values, line.high or line.values
    width = tuple(None if a is None or b is None else b - a for a, b in zip(low, high, strict=True))
    _ = say._
    return (
        Line(_("95% interval, low"), low, line.color), Line(_("95% interval"), width, line.color), line
    )  # fmt: skip


# --- the numbers inside --------------------------------------------------------------------------------------------------
def _workbook(graph: Graph, lines: Sequence[Line], code: str) -> bytes:
    """The workbook that PowerPoint opens to edit the chart: where python-pptx's references point to, and no text becomes a formula."""
    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(held, options)
    book.set_properties({"created": CREATED})
    sheet, style = book.add_worksheet("Sheet1"), book.add_format({"num_format": code})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, len(lines), 16)
    months = book.add_format({"num_format": "yyyy-mm"})
    for row, category in enumerate(graph.categories, 1):
        if isinstance(category, date):
            sheet.write_datetime(row, 0, datetime(category.year, category.month, category.day), months)
        else:
            sheet.write_string(row, 0, clean(category))
    for column, line in enumerate(lines, 1):
        sheet.write_string(0, column, clean(line.name))
        for row, value in enumerate(line.values, 1):
            if value is not None:
                sheet.write_number(row, column, value, style)
    if graph.kind == "dots":
        for column, head in ((2, "low"), (3, "high")):
            sheet.write_string(0, column, head)
            for row, value in enumerate(getattr(lines[0], head) or (), 1):
                if value is not None:
                    sheet.write_number(row, column, value, style)
    book.close()
    return held.getvalue()


# --- how it looks --------------------------------------------------------------------------------------------------------
def _texts(chart: Any, graph: Graph, say: Language) -> None:
    chart.font.size, chart.font.color.rgb = Pt(SIZE), MUTED
    named(chart._chartSpace.find(qn("c:txPr")).find(".//" + qn("a:defRPr")), say.tag)
    chart.has_title = True
    _titled(chart.chart_title, graph.title, say, 13, INK)
    chart.chart_title.include_in_layout = False


def _titled(title: Any, text: str, say: Language, size: float, color: Any, bold: bool = True) -> None:
    run = title.text_frame.paragraphs[0].add_run()
    run.text = clean(text)
    run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, color
    named(run._r.get_or_add_rPr(), say.tag)


def _axes(chart: Any, graph: Graph, say: Language, currency: str, code: str) -> None:
    lying = graph.kind in ("bars", "dots")
    values, heads = chart.value_axis, chart.category_axis
    if graph.kind == "stack" and any((each or 0) < 0 for line in graph.lines for each in line.values):
        _scaled(values, graph)
    values.has_major_gridlines = True
    values.major_gridlines.format.line.color.rgb = GRID
    values.format.line.fill.background()
    values.major_tick_mark = heads.major_tick_mark = XL_TICK_MARK.NONE
    plain = number_format("count", say) if graph.unit == "money" else code  # the axis' title names the currency
    values.tick_labels.number_format, values.tick_labels.number_format_is_linked = plain, False
    heads.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    heads.format.line.color.rgb = MUTED
    if lying:
        heads.reverse_order = True
        values._element.find(qn("c:crosses")).set("val", "max")  # so that the values stay at the bottom
        chart.plots[0].gap_width = 60
        chart.plots[0].vary_by_categories = False
    elif graph.kind in ("stack", "columns"):
        chart.plots[0].gap_width = 30 if len(graph.categories) > 6 else 80
        chart.plots[0].overlap = 100 if graph.kind == "stack" else -5
    unit = unit_name(graph.unit, say, currency)
    if unit:
        values.has_title = True
        _titled(values.axis_title, unit, say, SIZE, MUTED, bold=False)
    if graph.axis:
        heads.has_title = True
        _titled(heads.axis_title, graph.axis, say, SIZE, MUTED, bold=False)
    _lie_flat(values, say)
    if isinstance(graph.categories[0], date):
        heads.tick_labels.number_format, heads.tick_labels.number_format_is_linked = MONTHS[say.tag], False
        _every_months(heads._element, graph.every)
        _lie_flat(heads, say)
    elif graph.every > 1:
        _labelled_every(heads._element, graph.every)
    if graph.kind in ("area", "band"):
        crossing = values._element.find(qn("c:crossBetween"))
        crossing.set("val", "midCat")
    if graph.kind == "bars":
        labels = chart.plots[0]
        labels.has_data_labels = True
        labels.data_labels.number_format, labels.data_labels.number_format_is_linked = code, False
        labels.data_labels.position = XL_LABEL_POSITION.OUTSIDE_END


def _scaled(axis: Any, graph: Graph) -> None:
    """A scale that holds the stacks on both sides of zero: readers other than PowerPoint look at single values."""
    rows = [[each or 0.0 for each in row] for row in zip(*(line.values for line in graph.lines), strict=True)]
    scale = linear([sum(each for each in row if (each > 0) == up) for row in rows for up in (True, False)])
    axis.minimum_scale, axis.maximum_scale = scale.ticks[0], scale.ticks[-1]
    axis.major_unit = scale.ticks[1] - scale.ticks[0]


def _lie_flat(axis: Any, say: Language) -> None:
    """Labels are not turned, whatever room there is."""
    axis.tick_labels.font.size = Pt(SIZE)
    texts = axis._element.find(qn("c:txPr"))
    texts.find(qn("a:bodyPr")).attrib.update({"rot": "0", "vert": "horz"})
    named(texts.find(".//" + qn("a:defRPr")), say.tag)


def _every_months(axis: Any, step: int) -> None:
    """Label one month of so many."""
    for tag in ("c:baseTimeUnit", "c:majorUnit", "c:majorTimeUnit", "c:minorUnit", "c:minorTimeUnit"):
        for old in axis.findall(qn(tag)):
            axis.remove(old)
    for tag, value in (("c:baseTimeUnit", "months"), ("c:majorUnit", str(step)), ("c:majorTimeUnit", "months")):
        axis.append(
            parse_xml(f'<{tag} xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" val="{value}"/>')
        )


def _labelled_every(axis: Any, step: int) -> None:
    """Label and mark one category of so many."""
    before = axis.find(qn("c:noMultiLvlLbl"))
    for tag in ("c:tickLblSkip", "c:tickMarkSkip"):
        new = parse_xml(f'<{tag} xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" val="{step}"/>')
        if before is None:
            axis.append(new)
        else:
            before.addprevious(new)


def _style(series: Any, line: Line, graph: Graph, place: int) -> None:
    color = RGBColor.from_string(line.color[1:])
    if graph.kind == "lines":
        series.smooth = False
        series.format.line.color.rgb, series.format.line.width = color, Pt(2 if line.dash else 3.25)
        if line.dash:
            series.format.line.dash_style = MSO_LINE_DASH_STYLE.DASH
        return
    if graph.kind == "band" and place == 0:
        series.format.fill.background()
        series.format.line.fill.background()
        return
    if graph.kind in ("bars", "dots"):
        series.invert_if_negative = False
    if line.hatch:
        series.format.fill.patterned()
        series.format.fill.pattern = MSO_PATTERN_TYPE.DARK_UPWARD_DIAGONAL
        series.format.fill.fore_color.rgb, series.format.fill.back_color.rgb = color, RGBColor(0xFF, 0xFF, 0xFF)
        return
    series.format.fill.solid()
    series.format.fill.fore_color.rgb = color
    if graph.kind in ("area", "band"):
        found = series._element.find(".//" + qn("a:srgbClr"))
        found.append(found.makeelement(qn("a:alpha"), {"val": str(BAND_ALPHA)}))
        if graph.kind == "area":
            series.format.line.color.rgb, series.format.line.width = color, Pt(2.25)
    if graph.kind in ("stack", "columns"):
        series.invert_if_negative = False


def _line_over_band(chart: Any, lines: Sequence[Line]) -> None:
    """The last series becomes a line on the same axes: python-pptx makes charts of one type only."""
    area = chart._chartSpace.find(".//" + qn("c:areaChart"))
    series = area.findall(qn("c:ser"))[-1]
    area.remove(series)
    look = series.find(qn("c:spPr"))
    if look is not None:
        series.remove(look)
    color = lines[-1].color[1:]
    namespaces = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    series.find(qn("c:tx")).addnext(parse_xml(
        f'<c:spPr {namespaces}><a:ln w="38100" cap="rnd"><a:solidFill><a:srgbClr val="{color}"/></a:solidFill><a:round/></a:ln></c:spPr>'
    ))  # fmt: skip
    series.find(qn("c:spPr")).addnext(parse_xml(f'<c:marker {namespaces}><c:symbol val="none"/></c:marker>'))
    series.append(parse_xml(f'<c:smooth {namespaces} val="0"/>'))
    line = parse_xml(f'<c:lineChart {namespaces}><c:grouping val="standard"/><c:varyColors val="0"/></c:lineChart>')
    line.append(series)
    line.append(parse_xml(f'<c:marker {namespaces} val="1"/>'))
    for axis in area.findall(qn("c:axId")):
        line.append(parse_xml(f'<c:axId {namespaces} val="{axis.get("val")}"/>'))
    area.addnext(line)


def _whiskers(chart: Any, line: Line) -> None:
    """The interval of each bar, as error bars whose lengths stand in the chart."""
    if line.low is None or line.high is None or not any(each is not None for each in line.low):
        return
    up, down = (
        [0.0 if a is None or b is None else abs(b - a) for a, b in zip(line.values, ends, strict=True)]
        for ends in (line.high, line.low)
    )
    series = chart._chartSpace.find(".//" + qn("c:ser"))
    bars = parse_xml(
        '<c:errBars xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="0"/><c:plus>{_literal(up)}</c:plus><c:minus>{_literal(down)}</c:minus>'
        '<c:spPr><a:ln w="19050"><a:solidFill><a:srgbClr val="1C2733"/></a:solidFill></a:ln></c:spPr></c:errBars>'
    )
    series.find(qn("c:cat")).addprevious(bars)


def _literal(values: Sequence[float]) -> str:
    points = "".join(f'<c:pt idx="{place}"><c:v>{value!r}</c:v></c:pt>' for place, value in enumerate(values))
    return f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>{points}</c:numLit>'


def _legend(chart: Any, graph: Graph, lines: Sequence[Line]) -> None:
    chart.has_legend = len(lines) > 1
    if not chart.has_legend:
        return
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    chart.legend.font.size, chart.legend.font.color.rgb = Pt(SIZE), INK
    if graph.kind == "band":  # the base that is not seen is not named either
        entry = parse_xml(
            '<c:legendEntry xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:idx val="0"/><c:delete val="1"/></c:legendEntry>'
        )
        chart.legend._element.find(qn("c:legendPos")).addnext(entry)
