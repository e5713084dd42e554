#include "report/catalogue/page_data.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/error.hpp"
#include "pool3/text/utf8.hpp"
#include "report/base64.hpp"
#include "report/catalogue/audit_lists.hpp"
#include "report/catalogue/calibration_curves.hpp"
#include "report/catalogue/class_order.hpp"
#include "report/catalogue/job_timeline.hpp"
#include "report/catalogue/map_points.hpp"
#include "report/catalogue/search_table.hpp"
#include "report/catalogue/sprites.hpp"

namespace pool3::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_path = 300;    // bytes that are shown; the end tells most
constexpr std::size_t most_classes = 1000;   // of the matrix
constexpr std::size_t most_cells = 200'000;  // that are not empty
constexpr std::int64_t most_reliability_bins = 12;
constexpr std::int64_t most_risk_points = 200;

/// A text from outside, as it may be shown.
std::string shown(const std::string& text) { return one_line(utf8_text(text)); }

std::string shown_path(const std::string& path) {
  const std::string text = shown(path);
  return text.size() <= longest_path ? text : "\u2026" + std::string(utf8_end(text, longest_path));
}

Json rounded(double value) {
  if (!std::isfinite(value)) return {};
  return std::round(value * 1e6) / 1e6;
}

Json pairs(const std::vector<std::pair<std::string, std::string>>& list) {
  Json out = Json::array();
  for (const auto& [name, value] : list) out.push_back({name, shown(value)});
  return out;
}

Json summary_of(const CataloguePage& page) {
  Json out = {{"rows", page.rows}, {"labelled", page.labelled}};
  out["failures"] = Json::array();
  for (const auto& [kind, rows] : page.failures) out["failures"].push_back({kind, rows});
  if (!page.evaluation) return out;
  const Evaluation& e = *page.evaluation;
  const Measures& m = page.measures;
  out["rows_are"] = page.rows_are;
  out["evaluated"] = e.macro.support;
  out["accuracy"] = {rounded(e.accuracy), rounded(m.accuracy_interval.low), rounded(m.accuracy_interval.high)};
  out["balanced_accuracy"] = rounded(e.balanced_accuracy);
  out["macro_f1"] = rounded(e.macro.f1);
  out["top5_accuracy"] = rounded(m.top5_accuracy);
  if (m.sets) out["sets"] = {rounded(m.coverage), rounded(m.covered), rounded(m.mean_set_size)};
  if (page.unlike && page.unlike->asked > 0)
    out["unlike"] = {{"usual_distance", rounded(page.unlike->usual_distance)},
                     {"asked", page.unlike->asked},
                     {"unlike", page.unlike->unlike},
                     {"right_of_unlike", page.unlike->right_of_unlike},
                     {"right_of_others", page.unlike->right_of_others}};
  if (!m.probabilities) return out;
  out["log_loss"] = rounded(m.log_loss);
  out["brier"] = rounded(m.brier);
  out["calibration_error"] = rounded(m.calibration_error);
  return out;
}

/// The classes of the matrix: those with most errors, if there are very many.
std::vector<std::int32_t> classes_of_matrix(const Evaluation& e) {
  const std::size_t n = e.classes.size();
  std::vector<std::int64_t> errors(n, 0);
  for (std::size_t t = 0; t < n; ++t)
    for (std::size_t p = 0; p < n; ++p)
      if (t != p) {
        errors[t] += e.confusion[t * n + p];
        errors[p] += e.confusion[t * n + p];
      }
  std::vector<std::int32_t> classes(n);
  for (std::size_t k = 0; k < n; ++k) classes[k] = static_cast<std::int32_t>(k);
  if (n <= most_classes) return classes;
  std::ranges::stable_sort(classes, [&](auto a, auto b) {
    return errors[static_cast<std::size_t>(a)] > errors[static_cast<std::size_t>(b)];
  });
  classes.resize(most_classes);
  std::ranges::sort(classes);
  return classes;
}

/// {order, cells: base64 of int32 (true, predicted, rows)}.
Json matrix_of(const Evaluation& e) {
  const std::vector<std::int32_t> classes = classes_of_matrix(e);
  const std::size_t n = e.classes.size(), k = classes.size();
  std::vector<std::int64_t> part(k * k);
  std::vector<std::array<std::int32_t, 3>> cells;
  for (std::size_t t = 0; t < k; ++t)
    for (std::size_t p = 0; p < k; ++p) {
      const std::int64_t rows =
          e.confusion[static_cast<std::size_t>(classes[t]) * n + static_cast<std::size_t>(classes[p])];
      part[t * k + p] = rows;
      if (rows > 0) cells.push_back({classes[t], classes[p], static_cast<std::int32_t>(rows)});
    }
  if (cells.size() > most_cells) {
    std::ranges::stable_sort(cells, [](const auto& a, const auto& b) { return a[2] > b[2]; });
    cells.resize(most_cells);
  }
  Json order = Json::array();
  for (const std::int32_t place : order_by_confusion(part, k))
    order.push_back(classes[static_cast<std::size_t>(place)]);
  std::vector<std::int32_t> flat;
  for (const auto& cell : cells) flat.insert(flat.end(), cell.begin(), cell.end());
  return {{"order", std::move(order)}, {"cells", base64_of(std::span<const std::int32_t>(flat))}};
}

Json classes_of(const CataloguePage& page) {
  Json out = {{"names", Json::array()}, {"rows", page.class_rows}};
  for (const std::string& name : page.classes) out["names"].push_back(shown(name));
  if (!page.evaluation) return out;
  const Evaluation& e = *page.evaluation;
  const std::size_t n = e.classes.size();
  for (std::size_t t = 0; t < n; ++t) {
    const ClassScores& s = e.per_class[t];
    out["precision"].push_back(rounded(s.precision));
    out["recall"].push_back(rounded(s.recall));
    out["f1"].push_back(rounded(s.f1));
    out["support"].push_back(s.support);
    std::size_t worst = n;
    for (std::size_t p = 0; p < n; ++p)
      if (p != t && e.confusion[t * n + p] > 0 && (worst == n || e.confusion[t * n + p] > e.confusion[t * n + worst]))
        worst = p;
    out["confused_with"].push_back(worst == n ? -1 : static_cast<std::int64_t>(worst));
    out["confused_rows"].push_back(worst == n ? 0 : e.confusion[t * n + worst]);
  }
  return out;
}

Json rows_of(const CataloguePage& page) {
  Json out = {{"row", Json::array()},       {"path", Json::array()},       {"label", Json::array()},
              {"predicted", Json::array()}, {"confidence", Json::array()}, {"of_truth", Json::array()}};
  for (const ShownRow& row : page.shown) {
    const auto judged = std::ranges::lower_bound(page.judged, row.row, {}, &JudgedRow::row);
    const bool is_judged = judged != page.judged.end() && judged->row == row.row;
    out["row"].push_back(row.row);
    out["path"].push_back(shown_path(row.path));
    out["label"].push_back(row.label);
    out["predicted"].push_back(is_judged ? judged->predicted : -1);
    out["confidence"].push_back(is_judged ? rounded(judged->confidence) : Json());
    out["of_truth"].push_back(is_judged ? rounded(judged->of_truth) : Json());
  }
  return out;
}

Json near_of(const CataloguePage& page) {
  Json out = Json::array();
  for (const NearRows& rows : page.near) {
    Json near = Json::array();
    for (const NearRow& n : rows.near) near.push_back({n.row, rounded(n.similarity)});
    out.push_back({rows.row, std::move(near)});
  }
  return out;
}

/// Of single rows; of an evaluation alone its bins, which have as much width each.
std::vector<ReliabilityPoint> reliability_of(const CataloguePage& page) {
  if (!page.judged.empty()) return reliability_curve(page.judged, most_reliability_bins);
  std::vector<ReliabilityPoint> points;
  for (const ReliabilityBin& bin : page.measures.reliability)
    if (bin.rows > 0) {
      const auto hits = std::llround(bin.accuracy * static_cast<double>(bin.rows));
      points.push_back({bin.rows, bin.confidence, bin.accuracy, bootstrap_interval(hits, bin.rows)});
    }
  return points;
}

Json trust_of(const CataloguePage& page) {
  Json out = {{"reliability", Json::array()}, {"risk", Json::array()}};
  for (const ReliabilityPoint& p : reliability_of(page))
    out["reliability"].push_back(
        {rounded(p.confidence), rounded(p.accuracy), rounded(p.interval.low), rounded(p.interval.high), p.rows});
  for (const RiskPoint& p : risk_curve(page.judged, most_risk_points))
    out["risk"].push_back({rounded(p.coverage), rounded(p.risk), rounded(p.confidence)});
  return out;
}

Json number_or_null(const std::optional<double>& value) { return value ? rounded(*value) : Json(); }

Json baselines_of(const CataloguePage& page) {
  Json out = Json::array();
  for (const ComparedClassifier& c : page.baselines) {
    Json one = {{"kind", shown(c.kind)},
                {"accuracy", {rounded(c.accuracy), rounded(c.interval.low), rounded(c.interval.high)}},
                {"balanced_accuracy", rounded(c.balanced_accuracy)},
                {"log_loss", number_or_null(c.log_loss)},
                {"seconds", number_or_null(c.seconds)},
                {"model_bytes", number_or_null(c.model_bytes)}};
    if (c.paired) one["paired"] = {c.paired->only_model, c.paired->only_this, c.paired->p};
    out.push_back(std::move(one));
  }
  return out;
}

Json picture_of(const PictureStages& picture) {
  Json out = {
      {"row", picture.row}, {"stages", Json::array()}, {"feature", base64_of(std::span<const float>(picture.feature))}};
  for (std::size_t i = 0; i < picture.pngs.size(); ++i)
    out["stages"].push_back({picture.names[i], picture.captions[i], base64(picture.pngs[i])});
  return out;
}

}  // namespace

Json data_of(const CataloguePage& page) {
  Json out;
  out["title"] = shown(page.title);
  out["notes"] = Json::array();
  for (const std::string& note : page.notes) out["notes"].push_back(shown(note));
  out["facts"] = pairs(page.facts);
  out["command"] = shown(page.command);
  out["config"] = page.config;
  out["imported"] = page.imported;
  out["summary"] = summary_of(page);
  out["classes"] = classes_of(page);
  if (page.evaluation) out["matrix"] = matrix_of(*page.evaluation);
  out["rows"] = rows_of(page);
  out["near"] = near_of(page);
  if (page.measures.probabilities) out["trust"] = trust_of(page);
  if (!page.baselines.empty()) out["baselines"] = baselines_of(page);
  if (!page.search.empty()) out["search"] = search_for_page(page.search);
  if (page.map) out["map"] = map_for_page(page);
  if (page.picture) out["picture"] = picture_of(*page.picture);
  if (!page.audit.empty()) out["audit"] = audit_for_page(page.audit);
  out["lanes"] = timeline_for_page(page.metrics);
  return out;
}

Json pictures_of(const CataloguePage& page, std::int64_t most_bytes) {
  std::vector<const Image*> pictures;
  pictures.reserve(page.shown.size());
  for (const ShownRow& row : page.shown) pictures.push_back(&row.thumbnail);
  const Sprites sprites = lay_out(pictures, page.thumbnail_side, most_bytes);
  std::vector<std::int16_t> places;
  for (const Place& p : sprites.places)
    for (const std::int32_t v : {p.sheet, p.x, p.y, p.width, p.height}) places.push_back(static_cast<std::int16_t>(v));
  Json out = {{"side", page.thumbnail_side},
              {"sheets", Json::array()},
              {"places", base64_of(std::span<const std::int16_t>(places))}};
  for (const std::string& sheet : sprites.sheets) out["sheets"].push_back(base64(sheet));
  return out;
}

std::string script_json(const Json& value) {
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size() + text.size() / 64);
  for (const char c : text) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace pool3::report
