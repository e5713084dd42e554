#include "commands/model/baseline_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "console/output.hpp"
#include "console/text.hpp"
#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr double chance = 0.05;

/// "1.2e-05", "0.43".
std::string p_text(double p) { return p < 1e-3 ? fmt::format("{:.1e}", p) : fmt::format("{:.3f}", p); }

}  // namespace

BaselineTable read_baselines_beside(const std::string& path, const char* stage, const ModelAnswers& model) {
  BaselineTable table = read_baselines(path);
  if (table.features.catalogue_hash != model.catalogue_hash || table.rows != model.rows ||
      !std::ranges::equal(table.truth, model.truth))
    throw Error({.stage = stage,
                 .path = path,
                 .cause = "the baselines are of other rows than those that are evaluated",
                 .advice = "make it with this feature file and --model"});
  table.compare_with(std::vector<std::int32_t>(model.predicted.begin(), model.predicted.end()));
  return table;
}

void print_baselines(const BaselineTable& table) {
  print_line(fmt::format("{} training rows, {} held out", table.training_rows, table.rows.size()));
  const bool paired = std::ranges::any_of(table.entries, [](const BaselineEntry& e) { return e.paired.has_value(); });
  print_line(fmt::format("{:10} accuracy   95 % interval    balanced   log loss    seconds      model{}", "",
                         paired ? "   only svm right   only this   p" : ""));
  for (const BaselineEntry& e : table.entries) {
    std::string line =
        fmt::format("{:10} {:8.4f}   {:.4f}, {:.4f}   {:8.4f}   {:>8}   {:8.1f}   {:>8}", e.kind, e.accuracy,
                    e.interval.low, e.interval.high, e.balanced_accuracy,
                    e.log_loss ? fmt::format("{:.4f}", *e.log_loss) : "-", e.seconds, bytes_text(e.model_bytes));
    if (e.paired) {
      line += fmt::format("   {:14}   {:9}   {}", e.paired->only_first, e.paired->only_second, p_text(e.paired->p));
      line += e.paired->p < chance ? "" : " (may be chance)";
    }
    print_line(line);
  }
}

}  // namespace pool3::jobs
