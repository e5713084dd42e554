#pragma once
// The page that inspect-image makes: all of it in one file, to be looked at without a network.

#include <string>
#include <utility>
#include <vector>

namespace pool3::jobs {

/// `text` for HTML and XML; bytes that are no UTF-8 and control characters become question marks.
[[nodiscard]] std::string escaped(const std::string& text);

/// One picture of the page. `file` holds the bytes of `file_name`, a PNG or SVG file.
struct Figure {
  std::string title, caption, file_name, file;
  int width = 0;           ///< pixels on the page, at most; the picture is enlarged to it
  bool pixelated = false;  ///< enlarge without smoothing
};

struct Page {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<Figure> figures;
  std::string config;  ///< JSON
};

/// The page as HTML.
[[nodiscard]] std::string html_of(const Page& page);

}  // namespace pool3::jobs
