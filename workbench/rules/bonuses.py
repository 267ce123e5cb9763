"""Bonuses: fixed points for an event (joining, a birthday, a purchase, an action)."""

from workbench.ledger import BONUS
from workbench.rules.caps import period_key
from workbench.rules.earn import add_points, metric_day
from workbench.rules.earn_parts import known
from workbench.rules.earn_terms import ON_ACTION, ON_FIRST, ON_PURCHASE
from workbench.rules.tiers import add_metrics
from workbench.units import rule

__all__ = ["give_bonuses"]


@rule
def give_bonuses(terms, account, order, lines, count, day, event, action, given):
    """Give every bonus of an event, in file order (``given``: points an action row brings). Returns points that qualify."""
    earn = terms.earn
    qualifying = 0
    for k in range(earn.bonuses):
        wanted = earn.bonus_event[k]
        if wanted != event and not (wanted == ON_PURCHASE and event == ON_FIRST):
            continue
        if wanted == ON_ACTION and (earn.bonus_action[k] != action or not streak_reached(terms, account, k, day)):
            continue
        if not earn.bonus_days[k][day - earn.first_day]:
            continue
        points = earn.bonus_points[k] if earn.bonus_points[k] > 0 else given
        if event == ON_PURCHASE or event == ON_FIRST:
            spend, found = qualifying_lines(terms, lines, count, k)
            if spend < earn.bonus_spend[k] or (found == 0 and not earn.bonus_any_category[k]):
                continue
        if points <= 0 or not once_allows(terms, account, k, day):
            continue
        number = order.own.number
        waits = earn.bonuses_wait and earn.pending_days > 0
        lot_rule, why = earn.bonus_expiry[k], terms.why_bonus[k]
        add_points(
            terms, account, day, order.own.day, lot_rule, points, waits, BONUS, 0, number, terms.bonus_part[k], why
        )
        order.own.bonuses |= 1 << k
        if earn.bonus_qualifies[k]:
            qualifying += points
            if waits and earn.points_wait:
                active_on = max(day, metric_day(order.own.day, True, earn.pending_days))
                add_metrics(terms, account, day, active_on, 0, points, 0, 0, 0)
            else:
                add_metrics(terms, account, day, day, 0, points, 0, 0, 0)
    return qualifying


@rule
def once_allows(terms, account, bonus, day):
    """Whether a bonus may still be given in its period; notes that it is."""
    once = terms.earn.bonus_once[bonus]
    if once == 0:
        return True
    meter = account.meters[terms.bonus_meter[bonus]]
    key = period_key(once, day)
    again = meter.used + 1 if meter.period == key else 0  # the first time in a period counts as none
    if again >= terms.earn.bonus_at_most[bonus]:
        return False
    meter.period = key
    meter.used = again
    return True


@rule
def streak_reached(terms, account, bonus, day):
    """Whether today's action is the first of a day that completes a run of so many days; notes the run."""
    streak = terms.earn.bonus_streak[bonus]
    if streak <= 1:
        return True
    meter = account.meters[terms.streak_meter[bonus]]
    if meter.used > 0 and meter.period == day:
        return False
    meter.used = meter.used + 1 if meter.used > 0 and meter.period == day - 1 else 1
    meter.period = day
    return meter.used % streak == 0


@rule
def qualifying_lines(terms, lines, count, bonus):
    """Eligible spend of the lines of a bonus's categories, and how many there are."""
    mask = terms.earn.bonus_categories[bonus]
    spend = 0
    found = 0
    for i in range(count):
        if mask[known(lines[i].category, terms.earn.categories)]:
            spend += lines[i].eligible
            found += 1
    return spend, found
