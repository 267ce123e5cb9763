"""Earning: limits that bite too early or never, and multipliers, bonuses and steps that nobody ever meets."""

from collections.abc import Iterator

from workbench.lint.finding import ERROR, NOTE, WARNING, Finding, amount, percent
from workbench.lint.subject import A_LIFETIME, NOBODY, Subject
from workbench.population.spec import DAYS_PER_YEAR
from workbench.rules.earn_spec import Cap
from workbench.units import CENTS, to_day

__all__ = ["CODES", "findings"]

CODES = (
    "nothing-earns", "cap-below-one-order", "cap-never-binds", "minimum-order-above-typical", "minimum-order-never-binds",
    "never-applies", "name-not-in-population", "bracket-unreachable",
)  # fmt: skip


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    yield from nothing_earns(subject)
    yield from caps(subject)
    yield from minimum_order(subject)
    yield from never_applies(subject)
    yield from names_not_in_population(subject)
    yield from brackets_unreachable(subject)


def nothing_earns(subject: Subject) -> Iterator[Finding]:
    """A program without rate, brackets or bonuses, that has nothing else to give either."""
    program, earn = subject.program, subject.program.earn
    others = (program.prices, program.coupons, program.stored_value, program.plans, program.referral, program.messages)
    if earn.rate is None and not earn.rate_by_tier and earn.brackets is None and not earn.bonuses and not any(others):
        yield Finding("nothing-earns", WARNING, "earn", "no rate, no brackets, no bonuses: nobody ever earns a point")


# --- limits ----------------------------------------------------------------------------------------------------------
def caps(subject: Subject) -> Iterator[Finding]:
    """Limits below the points of one typical order, and above what the largest plausible member earns."""
    typical = subject.people.typical_order
    for k, cap in enumerate(subject.program.earn.caps):
        path = f"earn.caps[{k}]"
        if cap.dates is not None and to_day(cap.dates.last) < subject.first:
            message = f"the campaign ended on {cap.dates.last}, before {subject.program.provenance.as_of}, the date of these rules"
            yield Finding("never-applies", WARNING, path, message)
            continue
        order = max(subject.uncapped.points(typical, tier) for tier in subject.tiers)
        if cap.points < order:
            numbers = {"cap": cap.points, "typical_order_points": order, "typical_order": typical / CENTS}
            message = (
                f"the limit of {cap.points:,} points a {cap.per} is below the {amount(order)} points of one typical order of "
                f"{subject.program.currency} {amount(typical / CENTS)}"
            )
            yield Finding("cap-below-one-order", WARNING, path, message, numbers)
        most = most_points(subject, cap)
        if cap.points >= most:
            numbers = {"cap": cap.points, "most_points": most}
            message = (
                f"the limit of {cap.points:,} points a {cap.per} never binds: even the largest plausible member (one in ten thousand) "
                f"earns at most {amount(most)}"
            )
            yield Finding("cap-never-binds", NOTE, path, message, numbers)


def most_points(subject: Subject, cap: Cap) -> float:
    """The points of the largest plausible member within a limit's period, at the best rate and the largest factor of any tier."""
    people, till = subject.people, subject.uncapped
    largest = people.priced(people.order(1 - NOBODY))
    plain = cap.stage == "before_multiplier"
    per_order = 0.0
    for tier in subject.tiers:
        factor = till.one if plain else till.factors(tier).most
        per_order = max([per_order, *(till.points(largest, tier, factor, held) for held in subject.balances)])
    if cap.per == "order":
        return per_order
    spend = people.largest_spend(*_period(subject, cap))
    rate = max(_full_rate(subject, tier, plain) for tier in subject.tiers)
    return max(per_order, spend * rate)


def _period(subject: Subject, cap: Cap) -> tuple[float, float]:
    """Length of a limit's period in years, and how busy its busiest one is. A balance is that of the life of a lot."""
    people = subject.people
    if cap.per == "balance":
        days = max(subject.life(tier).longest for tier in subject.tiers)
        return min(days / DAYS_PER_YEAR, A_LIFETIME), 1.0
    if cap.dates is not None:
        return ((cap.dates.last - cap.dates.first).days + 1) / DAYS_PER_YEAR, people.busiest(1)
    return {"day": 1 / DAYS_PER_YEAR, "month": 1 / 12, "year": 1.0}[cap.per], people.busiest(
        1
    ) if cap.per != "year" else 1.0


def _full_rate(subject: Subject, tier: int, plain: bool) -> float:
    """Points for each major unit at the best rate, nothing rounded away."""
    rates = subject.every_rate
    if subject.program.earn.brackets is None:
        named = subject.program.tier_names[tier] if subject.program.tier_names else ""
        own = subject.program.earn.rate_by_tier.get(named, subject.program.earn.rate)
        rates = [] if own is None else [own]
    factor = 1.0 if plain else subject.uncapped.factors(tier).most / subject.uncapped.one
    return max((each.points / float(each.per) for each in rates), default=0.0) * factor


def minimum_order(subject: Subject) -> Iterator[Finding]:
    """A least order that most orders are below, or none is."""
    people, least = subject.people, float(subject.program.earn.minimum_order)
    if not least:
        return
    typical = people.typical_order / CENTS
    below = 1 - people.orders_from(least)
    numbers = {"minimum_order": least, "typical_order": typical, "orders_below_pct": 100 * below}
    currency, path = subject.program.currency, "earn.minimum_order"
    if least > typical:
        message = f"{percent(below)} of orders are below {currency} {amount(least)} and earn nothing; the typical one is {currency} {amount(typical)}"
        yield Finding("minimum-order-above-typical", WARNING, path, message, numbers)
    elif below < NOBODY:
        message = f"the least order of {currency} {amount(least)} never binds: {percent(below)} of orders are below it"
        yield Finding("minimum-order-never-binds", NOTE, path, message, numbers)


# --- what nobody meets -----------------------------------------------------------------------------------------------
def never_applies(subject: Subject) -> Iterator[Finding]:
    """Multipliers that change no order's factor, and bonuses that are never given."""
    program, as_of = subject.program, subject.program.provenance.as_of
    for k in subject.till.idle():
        each = program.earn.multipliers[k]
        past = bool(each.dates) and all(span.last < as_of for span in each.dates)
        why = (
            f"its dates end on {max(span.last for span in each.dates)}, before {as_of}, the date of these rules"
            if past
            else "no day, tier, category and channel meet all its conditions, or another multiplier always does as much"
        )
        message = f"the multiplier {each.name} (x{each.factor.normalize():f}) changes no order: {why}"
        yield Finding("never-applies", WARNING, f"earn.multipliers[{k}]", message, {"factor": float(each.factor)})
    excluded = set(program.earn.eligible.excluded_categories)
    for k, bonus in enumerate(program.earn.bonuses):
        path = f"earn.bonuses[{k}]"
        if subject.never(bonus):
            message = f"the bonus {bonus.name} is never given: its dates end on {max(span.last for span in bonus.dates)}, before {as_of}"
            yield Finding("never-applies", WARNING, path, message, {"points": bonus.points})
        elif bonus.minimum_spend and bonus.categories and set(bonus.categories) <= excluded:
            message = f"the bonus {bonus.name} is never given: its categories are all excluded, and so never come to its least spend"
            yield Finding("never-applies", WARNING, path, message, {"points": bonus.points})
        elif bonus.minimum_spend:
            share = subject.people.orders_from(float(bonus.minimum_spend))
            if share < NOBODY:
                numbers = {"minimum_spend": float(bonus.minimum_spend), "orders_reached_pct": 100 * share}
                least = f"{program.currency} {amount(float(bonus.minimum_spend))}"
                message = f"the bonus {bonus.name} is hardly ever given: {percent(share)} of orders come to {least}"
                yield Finding("never-applies", WARNING, path, message, numbers)


def names_not_in_population(subject: Subject) -> Iterator[Finding]:
    """Conditions on categories or channels in which the population does not buy: a run lives without them."""
    earn, population = subject.program.earn, subject.population
    wanted = [
        (f"earn.multipliers[{k}].{what}", each.name, names, known)
        for k, each in enumerate(earn.multipliers)
        for what, names, known in (
            ("categories", each.categories, population.categories),
            ("channels", each.channels, population.channels),
        )
    ]
    wanted += [
        (f"earn.bonuses[{k}].categories", each.name, each.categories, population.categories)
        for k, each in enumerate(earn.bonuses)
    ]
    for path, name, names, known in wanted:
        if names and not set(names) & set(known):
            message = (
                f"{name} is for {', '.join(names)}; the population buys in {', '.join(known)} only, so in a run it never applies "
                "(a log may name others)"
            )
            yield Finding("name-not-in-population", WARNING, path, message, {"share_pct": 0.0})


def brackets_unreachable(subject: Subject) -> Iterator[Finding]:
    """Steps beyond the largest plausible order, or beyond any balance that can be held."""
    brackets = subject.program.earn.brackets
    if brackets is None:
        return
    if brackets.on == "order":
        largest = subject.people.order(1 - NOBODY)
        for k, step in enumerate(brackets.steps):
            if float(step.from_) > largest:
                numbers = {"from": float(step.from_), "largest_plausible_order": largest}
                message = f"the step from {amount(float(step.from_))} is beyond the largest plausible order, {amount(largest)} (one in ten thousand)"
                yield Finding("bracket-unreachable", WARNING, f"earn.brackets.steps[{k}]", message, numbers)
        return
    bound, why, certain = _largest_balance(subject)
    for k, step in enumerate(brackets.steps):
        if float(step.from_) > bound:
            numbers = {"from": float(step.from_), "largest_balance": bound}
            message = f"the step from {amount(float(step.from_))} points is beyond any balance: {why}"
            yield Finding(
                "bracket-unreachable", ERROR if certain else WARNING, f"earn.brackets.steps[{k}]", message, numbers
            )


def _largest_balance(subject: Subject) -> tuple[float, str, bool]:
    """The most points that can be held, why, and whether it is certain."""
    redemption = subject.program.redemption
    if redemption is not None and redemption.automatic is not None:
        at = redemption.automatic.at
        return at - 1, f"automatic redemption takes points as soon as {at:,} are there", True
    years = min(max(subject.life(tier).longest for tier in subject.tiers) / DAYS_PER_YEAR, A_LIFETIME)
    spend = subject.people.largest_spend(years)
    most = subject.welcome + spend * max(_full_rate(subject, tier, False) for tier in subject.tiers)
    within = "ten years" if years == A_LIFETIME else f"{amount(years * 12)} months, the life of points"
    return most, f"the largest plausible member (one in ten thousand) earns at most {amount(most)} in {within}", False
