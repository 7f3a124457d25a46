"""What a browser says of itself, in a few words. Pure; what is not recognised is cut short, not guessed."""

BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("HeadlessChrome/", "Chrome"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"), ("python-httpx/", "httpx"), ("python-requests/", "requests"), ("curl/", "curl"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
UNKNOWN_LONGEST = 60


def in_words(agent: str) -> str:
    """Such as "Firefox 145 on Windows". agent: a User-Agent header, untrusted; "unknown" for an empty one."""
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    for mark, name in BROWSERS:
        before, found, after = agent.partition(mark)
        if not found:
            continue
        if name == "Safari":  # its own version stands elsewhere
            after = before.partition("Version/")[2]
        number = after.partition(".")[0].partition(" ")[0]
        told = f"{name} {number}" if number.isascii() and number.isdigit() and len(number) < 5 else name
        return f"{told} on {system}" if system else told
    return agent.strip()[:UNKNOWN_LONGEST] or "unknown"
