#pragma once
// The page's own sources, src/report/page, as they were when pool3 was built.

#include <string_view>

namespace pool3::report {

[[nodiscard]] std::string_view
page_template();  ///< with {{TITLE}}, {{POLICY}}, {{STYLE}}, {{DATA}}, {{PICTURES}}, {{SCRIPT}}
[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view page_script();
[[nodiscard]] std::string_view page_licence();  ///< of the library in the script

}  // namespace pool3::report
