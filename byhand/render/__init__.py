"""Problems and worked solutions as HTML, Markdown with LaTeX, plain text and Typst: one module for each format."""
