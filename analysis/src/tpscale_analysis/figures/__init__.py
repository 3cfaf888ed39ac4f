"""The figures of a scaling curve: PNG at 300 dpi, and SVG panels for the page."""
