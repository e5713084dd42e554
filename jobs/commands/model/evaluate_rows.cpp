#include "commands/model/evaluate_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "pool3/error.hpp"
#include "pool3/files.hpp"
#include "pool3/prediction.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "evaluate";
constexpr std::size_t bytes_of_a_round = std::size_t{64} << 20;

/// Its own catalogue, as it is now or as it was given.
bool has_seen(const Model& model, const Provenance& of_file) {
  const Provenance& mine = model.features;
  return mine.catalogue_hash == of_file.catalogue_hash ||
         (mine.corpus == of_file.corpus && mine.labels == of_file.labels);
}

/// The model's class of each class of the file, or -1.
std::vector<std::int32_t> known_classes(const FeatureReader& reader, const Model& model) {
  std::vector<std::int32_t> known;
  for (const std::string& name : reader.classes()) {
    const auto found = std::ranges::find(model.classes, name);
    known.push_back(found == model.classes.end() ? -1 : static_cast<std::int32_t>(found - model.classes.begin()));
  }
  return known;
}

std::string line_of(const Model& model, const std::string& path, std::int32_t truth, const Verdict& said) {
  const auto name = [&](std::int32_t k) { return csv_field(model.classes[static_cast<std::size_t>(k)]); };
  std::string line = fmt::format("{},{},{}", csv_field(path), name(truth), name(said.predicted));
  if (!said.probabilities.empty())
    line += fmt::format(",{:.9g}", said.probabilities[static_cast<std::size_t>(said.predicted)]);
  for (const double v : said.probabilities.empty() ? said.scores : said.probabilities)
    line += fmt::format(",{:.9g}", v);
  return line + '\n';
}

/// The lines of one round, as one text with the row in front of each: "ROW\nBYTES\nLINE".
std::string packed(const Findings& found, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i)
    text += fmt::format("{}\n{}\n", found.rows[i], found.lines[i].size()) + found.lines[i];
  return text;
}

struct Line {
  Row row;
  std::string_view text;
};
/// Lines of all ranks, by rising row.
std::vector<Line> unpacked(const std::vector<std::string>& texts) {
  std::vector<Line> lines;
  for (const std::string& text : texts)
    for (std::size_t at = 0; at < text.size();) {
      const auto number = [&] {
        const std::size_t end = text.find('\n', at);
        const std::int64_t value = std::stoll(text.substr(at, end - at));
        at = end + 1;
        return value;
      };
      const Row row = number();
      const auto bytes = static_cast<std::size_t>(number());
      lines.push_back({row, std::string_view(text).substr(at, bytes)});
      at += bytes;
    }
  std::ranges::sort(lines, {}, &Line::row);
  return lines;
}

/// First row of the file that does not belong to this round any more: so that no rank sends more than is good.
std::int64_t end_of_round(const Communicator& comm, const Findings& found, std::size_t begin) {
  std::size_t bytes = 0, i = begin;
  while (i < found.lines.size() && bytes < bytes_of_a_round) bytes += found.lines[i++].size();
  const double mine = i < found.rows.size() ? -static_cast<double>(found.rows[i]) : -9e15;
  return static_cast<std::int64_t>(-comm.max(mine));
}

}  // namespace

RowChoice choose_rows(const FeatureReader& reader, const Model& model, const std::string& model_path,
                      const std::string& wanted) {
  const bool seen = has_seen(model, reader.provenance());
  RowChoice choice{.name = wanted.empty() ? (seen ? "held-out" : "all") : wanted, .other_file = !seen};
  using Name = std::pair<std::string_view, Side>;
  constexpr std::array<Name, 4> sides = {
      Name{"held-out", Side::test}, {"training", Side::training}, {"left-out", Side::left_out}, {"all", Side::both}};
  const auto* const found = std::ranges::find(sides, choice.name, &Name::first);
  if (found == sides.end()) throw usage_error("--rows must be held-out, training, left-out or all");
  choice.side = found->second;
  if (choice.side != Side::both) choice.split = split_of(model, model_path, reader);
  return choice;
}

Findings judge_rows(const Communicator& comm, const FeatureReader& reader, const Model& model, const RowChoice& choice,
                    double coverage, bool lines) {
  Findings found{.unknown_classes = std::vector<std::int64_t>(reader.classes().size(), 0)};
  const std::vector<std::int32_t> known = known_classes(reader, model);
  const Scorer scorer(model);
  const auto columns = static_cast<std::size_t>(model.columns());
  const double threshold = has_sets(model) ? set_threshold(model, coverage) : 0;
  for_each_labelled_rows(comm, reader, choice.split, choice.side, [&](const LabelledRows& rows) {
    const auto values = scorer.decision_values(rows.features);
    std::vector<std::string> paths;
    const Row first = reader.block(reader.block_of(rows.rows[0])).begin;
    if (lines) paths = reader.paths(reader.block(reader.block_of(first)));
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      const std::int32_t truth = known[static_cast<std::size_t>(rows.labels[i])];
      if (truth < 0) {
        ++found.unknown_classes[static_cast<std::size_t>(rows.labels[i])];
        continue;
      }
      const Verdict said = verdict(model, std::span(values).subspan(i * columns, columns));
      found.truth.push_back(truth);
      found.predicted.push_back(said.predicted);
      found.results.push_back(row_result(rows.rows[i], truth, said.predicted, said.ranking(), said.probabilities));
      if (has_sets(model))
        found.results.back().set_size = static_cast<std::int32_t>(prediction_set(said, threshold).size());
      if (!lines) continue;
      found.rows.push_back(rows.rows[i]);
      found.lines.push_back(line_of(model, paths[static_cast<std::size_t>(rows.rows[i] - first)], truth, said));
    }
  });
  comm.sum(std::span<std::int64_t>(found.unknown_classes));
  return found;
}

std::string predictions_header(const Model& model) {
  const bool has = has_probabilities(model);
  std::string line = std::string("path,true,predicted") + (has ? ",probability" : "");
  for (const std::string& name : model.classes)
    line += ',' + csv_field(fmt::format("{}({})", has ? "p" : "score", name));
  return line + '\n';
}

void write_predictions(const Communicator& comm, const std::string& path, const std::string& header,
                       const Findings& found) {
  const Place place{stage, path};
  std::vector<std::string> texts = {header};
  std::size_t begin = 0;
  while (comm.sum(static_cast<std::int64_t>(begin < found.lines.size() ? 1 : 0)) > 0) {
    const std::int64_t last = end_of_round(comm, found, begin);
    std::size_t end = begin;
    while (end < found.rows.size() && found.rows[end] < last) ++end;
    const auto of_ranks = comm.gather(packed(found, begin, end));
    std::string text;
    for (const Line& line : unpacked(of_ranks)) text += line.text;
    texts.push_back(std::move(text));
    begin = end;
  }
  comm.root_does([&] {
    const std::vector<std::string_view> parts(texts.begin(), texts.end());
    write_whole_file(place, parts);
  });
}

}  // namespace pool3::jobs
