#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "image/formats/decoders.hpp"
#include "pool3/text.hpp"
#include "pool3/text/utf8.hpp"

namespace pool3::image {
namespace {

constexpr std::size_t head_bytes = 64;

/// A text is known by what it begins with, in lower case, blanks aside.
struct Text {
  std::string_view beginning;
  std::string_view words;
};

constexpr std::string_view html = "a file of type HTML";
constexpr std::string_view xml = "a file of type SVG or XML (rsvg-convert A.svg -o A.png makes a PNG of a drawing)";
constexpr std::string_view server_error = "an error message of a server (XML)";
constexpr std::string_view coded = "text that stands for a picture (base64 -d makes the picture of it)";
constexpr std::array texts = {
    Text{"<!doctype html", html},
    Text{"<html", html},
    Text{"<head", html},
    Text{"<body", html},
    Text{"<script", html},
    Text{"<!doctype", xml},
    Text{"<svg", xml},
    Text{"<?xml", xml},
    Text{"<!--", xml},
    Text{"<error", server_error},
    Text{"{", "a file of type JSON"},
    Text{"[{", "a file of type JSON"},
    Text{"http://", "the address of a picture, and not the picture"},
    Text{"https://", "the address of a picture, and not the picture"},
    Text{"data:image/", coded},
    Text{"/9j/", coded},         // JPEG
    Text{"ivborw0kggo", coded},  // PNG
    Text{"r0lgod", coded},       // GIF
    Text{"uklgr", coded},        // WebP
};

bool is_ascii_text(std::string_view head) {
  return std::ranges::all_of(head, [](char c) { return (c >= ' ' && c < '\x7F') || (c >= '\t' && c <= '\r'); });
}

/// The first lines of a text, which often say what has happened, as "404: Not Found".
std::string words_of_text(std::string_view text) {
  constexpr std::size_t most = 40;
  const std::string_view shown = text.substr(0, std::min({most, text.size(), text.find_first_of("\r\n")}));
  return fmt::format("a text that begins with \"{}\"", shown);
}

/// Where in the head a picture begins; 0 if nowhere.
std::size_t picture_at(std::string_view head, std::string_view& name) {
  for (const Format& format : formats) {
    const bool is_rare = format.magic.size() >= 3 && format.magic.front() != '\0';  // in other files
    if (format.decoder == nullptr || format.at != 0 || !is_rare) continue;
    const std::size_t at = head.find(format.magic);
    if (at == std::string_view::npos) continue;
    name = format.name;
    return at;
  }
  return 0;
}

}  // namespace

std::string words_of_unknown(Bytes bytes) {
  std::string_view head(reinterpret_cast<const char*>(bytes.data()), std::min(head_bytes, bytes.size()));
  if (std::ranges::all_of(head, [](char c) { return c == '\0'; }))
    return "zeros instead of a picture (a file that was never written, or was cut off by a crash)";
  constexpr std::string_view lost = "\xEF\xBF\xBD";
  if (head.starts_with(lost) || (head.size() > 4 && head.substr(1).starts_with(lost)))
    return "a file that a program took for text, by which bytes were lost (fetch it again, as binary)";
  std::string_view name;
  if (const std::size_t at = picture_at(head, name); at > 0)
    return fmt::format("{} byte{} that do{} not belong there, and then a {}", at, at == 1 ? "" : "s",
                       at == 1 ? "es" : "", name);
  if (head.starts_with(utf8_mark)) head.remove_prefix(utf8_mark.size());
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  const std::string lower = lower_case(head);
  // A server's answer, as of S3, behind the line that every XML file begins with.
  if (lower.starts_with("<?xml") && lower.find("<error") != std::string::npos) return std::string(server_error);
  const auto* const found =
      std::ranges::find_if(texts, [&](const Text& text) { return lower.starts_with(text.beginning); });
  if (found != texts.end()) return std::string(found->words);
  return !head.empty() && is_ascii_text(head) ? words_of_text(head) : "not a picture";
}

}  // namespace pool3::image
