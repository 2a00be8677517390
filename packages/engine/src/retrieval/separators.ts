/** Where a text may be cut, the best place first. */
export const textSeparators = ["\n\n", "\n", " ", ""];

const lines = (...words: string[]) => [...words.map((word) => `\n${word} `), ...textSeparators];

export const markdownSeparators = [
  ...["#", "##", "###", "####", "#####", "######"].map((mark) => `\n${mark} `),
  "```\n\n",
  "\n\n***\n\n",
  "\n\n---\n\n",
  "\n\n___\n\n",
  ...textSeparators,
];

const htmlTags = "body div p br li h1 h2 h3 h4 h5 h6 span table tr td th ul ol header footer nav";
const cFamily = ["class", "void", "int", "float", "double", "if", "for", "while", "switch", "case"];
const javaScript = [
  "function",
  "const",
  "let",
  "var",
  "class",
  "if",
  "for",
  "while",
  "switch",
  "case",
  "default",
];

/** By the names that Flowise's code splitter gives its languages. */
export const languageSeparators: Record<string, string[]> = {
  cpp: lines(...cFamily),
  go: lines("func", "var", "const", "type", "if", "for", "switch", "case"),
  java: lines(
    "class",
    "public",
    "protected",
    "private",
    "static",
    "if",
    "for",
    "while",
    "switch",
    "case",
  ),
  js: lines(...javaScript),
  php: lines("function", "class", "if", "foreach", "while", "do", "switch", "case"),
  proto: lines("message", "service", "enum", "option", "import", "syntax"),
  python: ["\nclass ", "\ndef ", "\n\tdef ", ...textSeparators],
  rst: ["\n===\n", "\n---\n", "\n***\n", "\n.. ", ...textSeparators],
  ruby: lines("def", "class", "if", "unless", "while", "for", "do", "begin", "rescue"),
  rust: lines("fn", "const", "let", "if", "while", "for", "loop", "match"),
  scala: lines("class", "object", "def", "val", "var", "if", "for", "while", "match", "case"),
  swift: lines("func", "class", "struct", "enum", "if", "for", "while", "do", "switch", "case"),
  markdown: markdownSeparators,
  latex: [
    ...["chapter", "section", "subsection", "subsubsection"].map((name) => `\n\\${name}{`),
    ...[
      "enumerate",
      "itemize",
      "description",
      "list",
      "quote",
      "quotation",
      "verse",
      "verbatim",
    ].map((name) => `\n\\begin{${name}}`),
    "\n\\begin{align}",
    "$$",
    "$",
    ...textSeparators,
  ],
  html: [
    ...htmlTags.split(" ").map((tag) => `<${tag}>`),
    "<head>",
    "<style>",
    "<script>",
    "<meta>",
    "<title>",
    " ",
    "",
  ],
  sol: lines(
    "pragma",
    "using",
    "contract",
    "interface",
    "library",
    "constructor",
    "type",
    "function",
    "event",
    "modifier",
    "error",
    "struct",
    "enum",
    "if",
    "for",
    "while",
    "do while",
    "assembly",
  ),
};
