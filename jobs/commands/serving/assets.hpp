#pragma once
// The files of the page, which are bytes of the program; made by embed.cmake.

#include <string_view>

namespace pool3::jobs {

[[nodiscard]] std::string_view page_html();
[[nodiscard]] std::string_view page_css();
[[nodiscard]] std::string_view page_js();
[[nodiscard]] std::string_view page_icon();
[[nodiscard]] std::string_view openapi_json();

}  // namespace pool3::jobs
