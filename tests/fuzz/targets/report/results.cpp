// Any bytes as the JSON that `pool3 report` reads: an evaluation, a search, an audit, the metrics of a rank.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "pool3/error.hpp"
#include "pool3/evaluation/measures.hpp"
#include "pool3/report/catalogue_page.hpp"
#include "report/catalogue/audit_lists.hpp"
#include "report/catalogue/job_timeline.hpp"
#include "report/catalogue/search_table.hpp"

namespace {

/// An error that names its cause is right; anything else brings the target down.
template <typename Action>
void attempt(const Action& action) {
  try {
    action();
  } catch (const pool3::Error& error) {
    if (error.fields().cause.empty()) std::abort();
  }
}

void read_evaluation(const std::string& text) {
  const pool3::SavedEvaluation saved = pool3::evaluation_of_json(text);
  const auto rows = saved.evaluation.macro.support;
  if (rows < 0 ||
      saved.evaluation.confusion.size() != saved.evaluation.classes.size() * saved.evaluation.classes.size())
    std::abort();
  for (const pool3::ReliabilityBin& bin : saved.measures.reliability)
    if (bin.rows > 0)
      static_cast<void>(
          pool3::bootstrap_interval(static_cast<std::int64_t>(bin.accuracy * static_cast<double>(bin.rows)), bin.rows));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  attempt([&] { read_evaluation(text); });
  attempt([&] { static_cast<void>(pool3::report::search_for_page(text).dump(-1, ' ', true)); });
  attempt([&] { static_cast<void>(pool3::report::audit_for_page(text).dump(-1, ' ', true)); });
  attempt([&] { static_cast<void>(pool3::rows_of_audit(text)); });
  attempt([&] { static_cast<void>(pool3::report::timeline_for_page({text, text})); });
  return 0;
}
