"""The pages: shell, design system, and a view per page.

Owns the frame (`templates/web/base.html`), the components (`templates/cotton`, shown at `/-/patterns`), how figures read
(`formats`), how typed input is understood (`inputs`) and the rail (`navigation`). Nothing imports this package.
"""
