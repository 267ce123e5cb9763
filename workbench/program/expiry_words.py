"""Why a lot lapses on its last day: the expiry rule in words. What a rule means stands with it (``workbench/rules/expiry.py``)."""

from workbench.program.spec import Program
from workbench.rules.expiry import BonusExpiry, ByTier, Expiry

__all__ = ["expiry_rule", "expiry_words"]


def expiry_rule(program: Program, rule: str, tier: str | None) -> BonusExpiry | Expiry:
    """The expiry of a lot by the name of the ledger's rule that gave it and the tier held then: a bonus or referral may have its own."""
    own = {f"earn.bonuses.{each.name}": each.expiry for each in program.earn.bonuses}
    if program.referral is not None:
        own |= dict.fromkeys(("referral.referee", "referral.referrer"), program.referral.expiry)
    found = own.get(rule)
    if found is not None:
        return found
    expiry = program.expiry
    if isinstance(expiry, ByTier):
        return expiry.tiers.get(tier or "", expiry.otherwise)
    return expiry


def expiry_words(rule: BonusExpiry | Expiry) -> str:
    """What becomes of a lot by an expiry rule, in a phrase that follows "it"."""
    match rule.model:
        case "none":
            return "never lapses"
        case "rolling":
            length = f"{rule.days} days" if rule.days is not None else f"{rule.months} months"
            end = "" if rule.round_up is None else f", rounded up to the end of the {rule.round_up}"
            return f"lapses {length} after earning{end}"
        case "flush":
            return f"lapses on the first {' or '.join(rule.dates)} on or after earning"
        case "fixed_date":
            return f"lapses on the first {rule.date} at least {rule.minimum_age_months} months after earning"
        case "windows":
            return "lapses with all that is earned in the same window"
        case "on_date":
            return f"lapses with all of the campaign on {rule.date.isoformat()}"
        case "anniversary":
            return "lapses on the first anniversary of joining after earning"
        case "inactivity":
            return f"lapses with the whole balance after {rule.months} months without {_any(rule.activity)}"
        case "extension":
            return f"lapses {rule.months} months after earning or the last {_any(rule.activity)}, whichever is later"
        case "decay":
            return (
                f"loses a share of {rule.share} of the balance after {rule.idle_months} months without {_any(rule.activity)}, "
                f"then every {rule.every_months}"
            )
        case "conversion":
            return f"never lapses; turns into vouchers in blocks of {rule.block} on {' and '.join(rule.dates)}"
    return "lapses by the tier held at earning"


def _any(names: tuple[str, ...]) -> str:
    return " or ".join(names)
