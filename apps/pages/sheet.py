"""How pages and their parts are laid out: style sheets that several of them have in common."""

__all__ = ["BAR", "PAGE", "PAIR", "STAGE"]

PAGE = """
:host { flex: none !important; height: auto !important; max-height: none !important; width: 100%; max-width: 1440px; margin: 0 auto;
  padding: 14px 20px 40px; box-sizing: border-box; gap: 12px; }
:host > * { min-width: 0; }
:host > .scroll-button { display: none; }
@media (max-width: 899px) { :host { padding: 10px 12px 32px; } }
"""
BAR = """
:host { flex-direction: row !important; flex-wrap: wrap; align-items: center; gap: 8px 16px; }
:host > * { width: auto !important; max-width: 100%; }
"""
STAGE = ":host { flex: none !important; height: auto !important; width: 100%; min-height: 40vh; }"
PAIR = """
:host { display: grid !important; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 14px 26px; align-items: start; }
:host > * { min-width: 0; }
"""
