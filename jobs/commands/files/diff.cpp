// The diff job: how two feature files differ.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "console/output.hpp"
#include "pool3/files.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3::jobs {
namespace {

std::string json_of(const DiffReport& r, const std::string& a, const std::string& b) {
  nlohmann::ordered_json j = {
      {"format", "pool3 diff"}, {"format_version", 1}, {"a", utf8_text(a)}, {"b", utf8_text(b)}};
  j["rows_a"] = r.rows_a;
  j["rows_b"] = r.rows_b;
  j["added"] = r.added;
  j["removed"] = r.removed;
  j["changed"] = r.changed;
  j["relabelled"] = r.relabelled;
  j["failed_a"] = r.failed_a;
  j["failed_b"] = r.failed_b;
  j["newly_failed"] = r.newly_failed;
  j["added_failed"] = r.added_failed;
  j["changed_failed"] = r.changed_failed;
  j["newly_done"] = r.newly_done;
  j["compared"] = r.compared;
  j["kind"] = r.kind;
  nlohmann::ordered_json cosine = {{"mean", r.mean}, {"least", r.least}, {"least_path", utf8_text(r.least_path)}};
  for (std::size_t i = 0; i < r.quantiles.size(); ++i)
    cosine["quantiles"].push_back({DiffReport::quantile_shares.at(i), r.quantiles.at(i)});
  if (r.compared > 0) j["cosine"] = cosine;
  return j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void print(const DiffReport& r) {
  const auto line = [](const char* name, std::int64_t count, const std::string& more = {}) {
    print_line(fmt::format("{:<14}{:10}{}", name, count, more));
  };
  if (!r.kind.empty()) print_line("made differently: " + r.kind);
  line("added", r.added);
  line("removed", r.removed);
  line("changed", r.changed);
  line("relabelled", r.relabelled);
  const std::int64_t new_ones = r.added_failed + r.changed_failed;
  line("newly failed", r.newly_failed,
       new_ones == 0 ? "" : fmt::format("   {} of them were added, {} have changed", r.added_failed, r.changed_failed));
  line("newly done", r.newly_done);
  line("compared", r.compared);
  if (r.compared == 0) return;
  print_line(fmt::format("cosine         mean {:.6f}, least {:.6f} ({})", r.mean, r.least, r.least_path));
  for (std::size_t i = 0; i < r.quantiles.size(); ++i)
    print_line(fmt::format("  {:5.1f} % of them at or below {:.5f}", 100 * DiffReport::quantile_shares.at(i),
                           r.quantiles.at(i)));
}

class DiffCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.take_arguments("FILE", files_, "two feature files, the old one first");
    p.add("min-cosine", least_, "fail if a picture's two feature rows have a smaller cosine than this", -1.0);
    p.add("out", out_, "also write the numbers as JSON", std::string(), Changes::file);
    p.writes("out");
  }
  void check() const override {
    if (files_.size() != 2) throw usage_error("diff takes two feature files");
  }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      if (!out_.empty()) check_output({"diff", out_});
    });
    const DiffReport report = diff_features(context.comm, files_[0], files_[1]);
    context.comm.root_does([&] {
      print(report);
      flush_output();
      if (!out_.empty()) write_whole_file({"diff", out_}, json_of(report, files_[0], files_[1]));
    });
    const bool drifted =
        context.comm.max(context.comm.is_root() && report.compared > 0 && report.least < least_ ? 1 : 0) > 0;
    return drifted ? ExitCode::failed : ExitCode::ok;
  }

 private:
  std::vector<std::string> files_;
  std::string out_;
  double least_ = -1;
};

}  // namespace

std::unique_ptr<Command> make_diff() { return std::make_unique<DiffCommand>(); }

}  // namespace pool3::jobs
