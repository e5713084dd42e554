#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "pool3/report.hpp"

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

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      word = word << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j <= bytes.size() ? digits[word >> (18 - 6 * j) & 63U] : '=';
    }
  }
  return out;
}

std::string figure_html(const Figure& f) {
  const std::string kind = f.file_name.ends_with(".svg") ? "image/svg+xml" : "image/png";
  return "<figure id=\"" + escaped(f.file_name) + "\">\n<figcaption><h2>" + escaped(f.title) + "</h2><p>" +
         escaped(f.caption) + "</p></figcaption>\n<img" + (f.pixelated ? " class=\"pixelated\"" : "") + " width=\"" +
         std::to_string(f.width) + "\" alt=\"" + escaped(f.title) + "\" src=\"data:" + kind + ";base64," +
         base64(f.file) + "\">\n</figure>\n";
}

}  // namespace

std::string escaped(const std::string& text) {
  // The JSON library checks UTF-8; its replacement character tells what was wrong.
  const std::string dumped = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  for (const char c : nlohmann::json::parse(dumped).get<std::string>()) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
    }
  }
  return out;
}

std::string html_of(const Page& page) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out += "<title>" + escaped(page.title) + "</title>\n<style>" + style + "</style>\n</head>\n<body>\n";
  out += "<h1>" + escaped(page.title) + "</h1>\n<table>\n";
  for (const auto& [name, value] : page.facts) {
    out += "<tr><th>" + escaped(name) + "</th><td>" + escaped(value) + "</td></tr>\n";
  }
  out += "</table>\n";
  for (const Figure& figure : page.figures) out += figure_html(figure);
  out += "<details><summary>Configuration</summary><pre>" + escaped(page.config) + "</pre></details>\n";
  return out + "</body>\n</html>\n";
}

}  // namespace pool3
