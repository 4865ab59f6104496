"""Numbers to SVG text: every chart with a title, a description and words that fit."""
