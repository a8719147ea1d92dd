// AsyncAPI's own parser on a file: prints what it finds, exits 1 on anything but a hint that there is a newer version.
const { readFileSync } = require("node:fs");
const { Parser } = require(require.resolve("@asyncapi/parser", { paths: [process.cwd()] }));
new Parser().parse(readFileSync(process.argv[2], "utf8")).then(({ document, diagnostics }) => {
  const found = diagnostics.filter(each => each.code !== "asyncapi-latest-version");
  for (const each of found) console.log(`${each.path.join(".")}: ${each.message}`);
  process.exit(document && found.length === 0 ? 0 : 1);
});
