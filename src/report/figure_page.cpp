#include <fmt/format.h>

#include <string_view>

#include "pool3/report.hpp"
#include "report/base64.hpp"

namespace pool3 {
namespace {

constexpr const char* style = R"(
body { font: 15px/1.5 sans-serif; color: #222; background: #f4f4f2; margin: 0 auto; max-width: 1160px; padding: 24px; }
h1 { font-size: 26px; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 0; }
figure { background: #fff; border: 1px solid #ddd; border-radius: 6px; margin: 20px 0; padding: 16px; }
figcaption { margin-bottom: 12px; }
figcaption p { margin: 4px 0 0; color: #555; }
img { display: block; max-width: 100%; height: auto; }
.pixelated { image-rendering: pixelated; }
table { border-collapse: collapse; }
th { text-align: left; font-weight: normal; color: #555; padding: 2px 20px 2px 0; vertical-align: top; }
td { overflow-wrap: anywhere; padding: 2px 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; }
)";

std::string figure_html(const Figure& f) {
  const std::string_view kind = f.file_name.ends_with(".svg") ? "image/svg+xml" : "image/png";
  return fmt::format(
      R"(<figure id="{}">
<figcaption><h2>{}</h2><p>{}</p></figcaption>
<img{} width="{}" alt="{}" src="data:{};base64,{}">
</figure>
)",
      escaped(f.file_name), escaped(f.title), escaped(f.caption), f.pixelated ? " class=\"pixelated\"" : "", f.width,
      escaped(f.title), kind, report::base64(f.file));
}

}  // namespace

std::string html_of(const Page& page) {
  const std::string title = escaped(page.title);
  std::string out = fmt::format(
      R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{}</title>
<style>{}</style>
</head>
<body>
<h1>{}</h1>
<table>
)",
      title, style, title);
  for (const auto& [name, value] : page.facts)
    out += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", escaped(name), escaped(value));
  out += "</table>\n";
  for (const Figure& figure : page.figures) out += figure_html(figure);
  return out + fmt::format("<details><summary>Configuration</summary><pre>{}</pre></details>\n</body>\n</html>\n",
                           escaped(page.config));
}

}  // namespace pool3
