#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "pool3/audit.hpp"
#include "pool3/error.hpp"
#include "pool3/evaluation/measures.hpp"

namespace pool3 {
namespace {

using Json = nlohmann::ordered_json;

Json value_of(const Finding& f, const std::string& column) {
  if (column == "row") return f.row;
  if (column == "path") return utf8_text(f.path);
  if (column == "label") return utf8_text(f.label);
  if (column == "suggested") return utf8_text(f.suggested);
  if (column == "other_row") return f.other_row;
  if (column == "other_path") return utf8_text(f.other_path);
  if (column == "other_label") return utf8_text(f.other_label);
  if (column == "where") return f.where;
  if (column == "rows") return f.rows;
  if (column == "score") return f.score;
  return utf8_text(f.reason);
}

/// In a CSV, paths and labels are as they are, byte for byte, but what ends a line or steers a terminal is an escape.
std::string text_of(const Finding& f, const std::string& column) {
  if (column == "row") return fmt::to_string(f.row);
  if (column == "other_row") return fmt::to_string(f.other_row);
  if (column == "rows") return fmt::to_string(f.rows);
  if (column == "score") return fmt::format("{:.6f}", f.score);
  if (column == "path") return one_line(f.path);
  if (column == "label") return one_line(f.label);
  if (column == "suggested") return one_line(f.suggested);
  if (column == "other_path") return one_line(f.other_path);
  if (column == "other_label") return one_line(f.other_label);
  return one_line(column == "where" ? f.where : f.reason);
}

}  // namespace

std::string to_csv(const AuditList& list) {
  std::string text;
  for (std::size_t i = 0; i < list.columns.size(); ++i) text += (i == 0 ? "" : ",") + list.columns[i];
  text += '\n';
  for (const Finding& f : list.findings) {
    for (std::size_t i = 0; i < list.columns.size(); ++i)
      text += (i == 0 ? "" : ",") + csv_field(text_of(f, list.columns[i]));
    text += '\n';
  }
  return text;
}

std::string to_json(const Audit& audit, const std::string& features, const std::string& model,
                    const std::string& config) {
  Json j = {{"format", "pool3 audit"}, {"format_version", 1}};
  j["rows"] = audit.rows;
  j["near_limit"] = audit.near_limit;
  j["outlier_limit"] = audit.outlier_limit;
  j["notes"] = audit.notes;
  j["lists"] = Json::object();
  for (const AuditList& list : audit.lists) {
    Json findings = Json::array();
    for (const Finding& f : list.findings) {
      Json finding;
      for (const std::string& column : list.columns) finding[column] = value_of(f, column);
      findings.push_back(std::move(finding));
    }
    j["lists"][list.name] = std::move(findings);
  }
  const Provenance& p = audit.features;
  j["provenance"] = {{"features", utf8_text(features)},
                     {"model", utf8_text(model)},
                     {"catalogue_hash", p.catalogue_hash},
                     {"weights_sha256", p.weights_sha256},
                     {"profile", p.profile},
                     {"precision", p.precision},
                     {"version", p.version}};
  const Json parsed = Json::parse(config, nullptr, false);
  j["provenance"]["config"] = parsed.is_discarded() ? Json(config) : parsed;
  return one_line_json(j.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string counts_json(const Audit& audit) {
  Json j;
  for (const AuditList& list : audit.lists) j[list.name] = list.findings.size();
  return j.dump();
}

}  // namespace pool3
