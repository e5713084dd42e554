// The page put together: template, style, script, data, and the policy that lets nothing else in.

#include <fmt/format.h>

#include <algorithm>

#include "pool3/error.hpp"
#include "pool3/report.hpp"
#include "pool3/report/catalogue_page.hpp"
#include "report/base64.hpp"
#include "report/catalogue/assets.hpp"
#include "report/catalogue/page_data.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t most_page_bytes = 19'500'000;
constexpr std::int64_t most_picture_bytes = 9'000'000, least_picture_bytes = 1'000'000;

/// What is left for pictures beside `others`; base64 makes four bytes of three.
std::int64_t room_for_pictures(std::size_t others) {
  return std::clamp((most_page_bytes - static_cast<std::int64_t>(others)) * 3 / 4, least_picture_bytes,
                    most_picture_bytes);
}

/// `text` with {{NAME}} of each pair replaced; what is put in is not looked at again.
std::string filled_in(std::string_view text, const std::vector<std::pair<std::string_view, std::string_view>>& values) {
  std::string out;
  while (true) {
    const std::size_t begin = text.find("{{");
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const std::size_t end = text.find("}}", begin);
    const std::string_view name = text.substr(begin + 2, end - begin - 2);
    for (const auto& [key, value] : values)
      if (key == name) out += value;
    text.remove_prefix(end + 2);
  }
}

}  // namespace

std::string html_of(const CataloguePage& page) {
  auto data = report::data_of(page);
  data["licence"] = report::page_licence();
  const std::string json = report::script_json(data);
  const std::int64_t room = room_for_pictures(json.size() + report::page_script().size());
  const std::string pictures = report::script_json(report::pictures_of(page, room));
  const std::string policy =
      fmt::format("default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
                  report::policy_hash(report::page_script()), report::policy_hash(report::page_style()));
  const std::string title = escaped(page.title);
  return filled_in(report::page_template(), {{"TITLE", title},
                                             {"POLICY", policy},
                                             {"STYLE", report::page_style()},
                                             {"DATA", json},
                                             {"PICTURES", pictures},
                                             {"SCRIPT", report::page_script()}});
}

}  // namespace pool3
