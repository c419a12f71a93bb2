"""Line drawings for buttons and cards, our own, on a 24 x 24 grid, in the colour of the text around them."""

# ruff: noqa: E501 (a drawing is one line)

DRAWINGS: dict[str, str] = {
    "archive": '<path d="M4.5 8.5v11h15v-11m-16-4h17v4h-17Zm6 8h5"/>',
    "arrow-left": '<path d="M19 12H5m6-6-6 6 6 6"/>',
    "arrow-right": '<path d="M5 12h14m-6-6 6 6-6 6"/>',
    "audio": '<path d="M4 10v4M8 7v10M12 4v16M16 8v8M20 11v2"/>',
    "camera": '<path d="M3.5 7.5h4l1.5-2.5h6l1.5 2.5h4v11.5h-17Z"/><circle cx="12" cy="13" r="3.6"/>',
    "bin": '<path d="M4.5 6.5h15M9.5 6.5v-2h5v2M6.5 6.5l1 13h9l1-13M10 10.5v5m4-5v5"/>',
    "chart": '<path d="M4 4v16h16"/><path d="m7 14 4-5 3 3 5-6"/>',
    "bubble": '<path d="M20 11.5a8 8 0 0 1-11.7 7.1L4 20l1.4-4.3A8 8 0 1 1 20 11.5Z"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.2 2"/>',
    "compass": '<circle cx="12" cy="12" r="8.5"/><path d="m15.5 8.5-2 5-5 2 2-5Z"/>',
    "copy": '<rect x="8.5" y="8.5" width="11" height="11" rx="2"/><path d="M15.5 5.5v-1h-11v11h1"/>',
    "cpu": '<rect x="6" y="6" width="12" height="12" rx="2"/><path d="M10 10h4v4h-4zM9 3v3m6-3v3M9 18v3m6-3v3M3 9h3m-3 6h3m12-6h3m-3 6h3"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "database": '<ellipse cx="12" cy="6" rx="7.5" ry="3"/><path d="M4.5 6v12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V6m-15 6c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3"/>',
    "download": '<path d="M12 4v11m-5-4.5 5 5 5-5M5 20h14"/>',
    "down": '<path d="M12 5v14m-5-5 5 5 5-5"/>',
    "edit": '<path d="m5 19 1-4L16.5 4.5l3 3L9 18Zm9-12 3 3"/>',
    "external": '<path d="M13 5h6v6m0-6-9 9M17 14v5H5V7h5"/>',
    "file": '<path d="M13.5 3.5h-7v17h11v-13Zm0 0v4h4"/>',
    "flask": '<path d="M9 3.5h6m-5 0v6L4.8 18a1.7 1.7 0 0 0 1.5 2.5h11.4a1.7 1.7 0 0 0 1.5-2.5L14 9.5v-6M7.5 14.5h9"/>',
    "folder": '<path d="M3.5 18.5v-13h6l2 2.5h9v10.5Z"/>',
    "gauge": '<path d="M5 18a8.5 8.5 0 1 1 14 0m-7-4 3.5-5"/>',
    "globe": '<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c5 5 5 12 0 17-5-5-5-12 0-17"/>',
    "heart": '<path d="M12 19.5 5 12.6a4.3 4.3 0 1 1 7-4.8 4.3 4.3 0 1 1 7 4.8Z"/>',
    "image": '<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><circle cx="8.7" cy="9.5" r="1.6"/><path d="m4 17.5 5-4.5 3.5 3 3-2.5 4.7 4"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5m0-8.2v.1"/>',
    "layers": '<path d="m12 3.5 8.5 4.5-8.5 4.5L3.5 8Zm-8.5 9 8.5 4.5 8.5-4.5M3.5 16.5 12 21l8.5-4.5"/>',
    "leaf": '<path d="M5 19c0-9 5-14 15-14 0 10-5 15-13 13m-2 2c1-4 4-7 8-9"/>',
    "lightning": '<path d="M13 3 5 13.5h5.5L10 21l8.5-11H13Z"/>',
    "lock": '<rect x="5.5" y="10.5" width="13" height="9.5" rx="2"/><path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5"/>',
    "marked": '<path d="M4 6h16M4 12h2M4 18h10"/><rect x="9" y="9" width="11" height="6" rx="2"/>',
    "minus": '<path d="M5 12h14"/>',
    "moon": '<path d="M20 14.2A8.3 8.3 0 0 1 9.8 4 8.3 8.3 0 1 0 20 14.2Z"/>',
    "more": '<path d="M6 12h.01M12 12h.01M18 12h.01" stroke-width="2.6"/>',
    "number": '<path d="M5 9h15M4 15h15M10 4 8 20M16.5 4l-2 16"/>',
    "pair": '<rect x="3.5" y="4.5" width="11" height="9" rx="2"/><path d="M17.5 10.5h3v9h-11v-3"/>',
    "paste": '<path d="M8.5 5.5h-3v15h13v-15h-3M9 3.5h6v4H9Zm-.5 8.5h7m-7 4h4"/>',
    "pause": '<path d="M9 5.5v13m6-13v13"/>',
    "play": '<path d="M7.5 5v14l11-7Z"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "quote": '<path d="M4.5 17.5h5v-5h-5c0-3 1.5-5 4.5-6m5 11h5v-5h-5c0-3 1.5-5 4.5-6"/>',
    "refresh": '<path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3l2.2 2.1m0-4.8v4.8h-4.8"/>',
    "region": '<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><path d="M3.5 14c4-5 6 1 9-2s3-5 8-4"/>',
    "resume": '<path d="M5.5 5.5v13M10 5.5v13l9-6.5Z"/>',
    "rocket": '<path d="M9 15c0-6 4-10.5 11-11-.5 7-5 11-11 11Zm0 0-3.5-.5L8 10m1 5 .5 3.5L14 16M5 17l-1.5 3.5L7 19m7.5-9.5h.1"/>',
    "sparkles": '<path d="M11 4.5 12.8 10l5.4 1.9-5.4 1.9L11 19.3l-1.8-5.5-5.4-1.9L9.2 10Zm7.5-1v4m-2-2h4"/>',
    "runs": '<path d="M4 6h2m3 0h11M4 12h2m3 0h11M4 18h2m3 0h11"/>',
    "search": '<circle cx="10.8" cy="10.8" r="6.3"/><path d="m15.5 15.5 4.8 4.8"/>',
    "settings": '<path d="M4 7h9m5 0h2M4 17h2m5 0h9"/><circle cx="15.5" cy="7" r="2.3"/><circle cx="8.5" cy="17" r="2.3"/>',
    "share": '<path d="M12 15V4M8 7.5 12 3.5l4 4M6.5 11H5v9h14v-9h-1.5"/>',
    "snowflake": '<path d="M12 3v18M4.2 7.5l15.6 9m0-9-15.6 9M9.5 4.5 12 7l2.5-2.5m-5 15L12 17l2.5 2.5"/>',
    "stop": '<rect x="6.5" y="6.5" width="11" height="11" rx="1.5"/>',
    "sun": '<circle cx="12" cy="12" r="3.8"/><path d="M12 3v1.8m0 14.4V21M3 12h1.8m14.4 0H21M5.6 5.6l1.3 1.3m10.2 10.2 1.3 1.3m0-12.8-1.3 1.3M6.9 17.1l-1.3 1.3"/>',
    "table": '<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><path d="M3.5 9.5h17m-17 5h17M9.5 9.5v10"/>',
    "tags": '<path d="M4 5h7l8 8-5.5 5.5-8-8Zm4.3 3.8v.1M14 5h1.5l5.5 5.5"/>',
    "target": '<circle cx="12" cy="12" r="8.5"/><circle cx="12" cy="12" r="4.5"/><path d="M12 12h.01" stroke-width="2.6"/>',
    "text": '<path d="M5 7V5h14v2M12 5v14m-2.5 0h5"/>',
    "trash": '<path d="M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 12.5h9l1-12.5M10 11v5m4-5v5"/>',
    "top": '<path d="M12 20V8m-5 5 5-5 5 5M6 4h12"/>',
    "up": '<path d="M12 19V5m-5 5 5-5 5 5"/>',
    "upload": '<path d="M12 15.5v-11M7 9.5l5-5 5 5M5 20h14"/>',
    "zoom": '<circle cx="10.8" cy="10.8" r="6.3"/><path d="m15.5 15.5 4.8 4.8M10.8 8v5.6M8 10.8h5.6"/>',
    "warning": '<path d="M12 4 2.8 19.5h18.4Zm0 6v4.5m0 2.2v.1"/>',
}


def icon(name: str) -> str:
    """The drawing as inline SVG, hidden from screen readers: the words beside it say what it means."""
    try:
        drawing = DRAWINGS[name]
    except KeyError:
        raise KeyError(f"No icon is called '{name}'. There are: {', '.join(DRAWINGS)}.") from None
    return (
        '<svg class="ui-icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" '
        'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        f"{drawing}</svg>"
    )
