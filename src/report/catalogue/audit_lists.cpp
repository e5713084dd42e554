#include "report/catalogue/audit_lists.hpp"

#include <algorithm>

#include "pool3/error.hpp"
#include "pool3/report/catalogue_page.hpp"

namespace pool3 {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_findings = 500;       // of a list
constexpr std::size_t most_with_pictures = 150;  // of them

/// {"lists": {name: [...]}}, which is all that is counted on.
Json parsed(const std::string& audit) {
  if (const std::string excess = excess_of_json(audit); !excess.empty()) throw Error({.cause = excess});
  Json j = Json::parse(audit, nullptr, false);
  const auto holds = [](const Json& lists) {
    return lists.is_object() && std::ranges::all_of(lists, [](const Json& list) {
             return list.is_array() && std::ranges::all_of(list, &Json::is_object);
           });
  };
  if (!j.is_object() || !j.contains("lists") || !holds(j["lists"]))
    throw Error({.cause = "it is no audit", .advice = "give the folder that pool3 audit has made"});
  return j;
}

void make_showable(Json& value) {
  if (value.is_string()) {
    value = one_line(value.get<std::string>());
  } else if (value.is_structured()) {
    for (Json& part : value) make_showable(part);
  }
}

}  // namespace

std::vector<Row> rows_of_audit(const std::string& audit) {
  std::vector<Row> rows;
  const Json j = parsed(audit);
  for (const Json& list : j["lists"])
    for (std::size_t i = 0; i < std::min(list.size(), most_with_pictures); ++i)
      for (const char* field : {"row", "other_row"})
        if (const auto found = list[i].find(field); found != list[i].end() && found->is_number_integer())
          rows.push_back(found->get<Row>());
  return rows;
}

namespace report {

Json audit_for_page(const std::string& audit) {
  const Json j = parsed(audit);
  Json out = {{"lists", Json::array()}, {"notes", j.value("notes", Json::array())}};
  for (const auto& [name, list] : j["lists"].items()) {
    Json findings = Json::array();
    for (std::size_t i = 0; i < std::min(list.size(), most_findings); ++i) findings.push_back(list[i]);
    out["lists"].push_back({{"name", name}, {"total", list.size()}, {"findings", std::move(findings)}});
  }
  make_showable(out);
  return out;
}

}  // namespace report
}  // namespace pool3
