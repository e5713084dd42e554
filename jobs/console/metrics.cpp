#include "console/metrics.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "pool3/files.hpp"

namespace pool3::jobs {
namespace {

using nlohmann::ordered_json;

constexpr double interval_seconds = 5;
constexpr std::size_t most_kept = 1000;

std::string slurm_job() {
  const char* job = std::getenv("SLURM_JOB_ID");
  return job != nullptr ? job : "";
}

/// Text between the quotes of a label.
std::string label(const std::string& text) {
  std::string escaped;
  for (const char c : one_line(text)) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void add_gauge(std::string& text, const std::string& labels, const char* name, const char* help, double value) {
  text += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0}{{{2}}} {3:.15g}\n", name, help, labels, value);
}

}  // namespace

bool MetricsClock::due() {
  const double now = clock_.seconds();
  if (now < next_) return false;
  next_ = now + interval_seconds;
  return true;
}

Metrics::Metrics(std::string folder, std::string prometheus, std::string command, int rank, Clock clock)
    : folder_(std::move(folder)),
      prometheus_(std::move(prometheus)),
      command_(std::move(command)),
      rank_(rank),
      clock_(std::move(clock)) {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::create_directories(folder_, ignored);
}

std::string Metrics::fault() const try {
  if (!folder_.empty()) check_folder({"metrics", folder_ + "/rank-0.jsonl"});
  if (!prometheus_.empty()) check_output({"metrics", prometheus_});
  return {};
} catch (const Error& error) {
  return error.what();
}

ordered_json Metrics::head() const {
  ordered_json j = {{"time", clock_.wall_time()}, {"command", command_}, {"job", slurm_job()}, {"rank", rank_}};
  if (clock_.wall_seconds) j["at"] = std::round(clock_.wall_seconds() * 1e3) / 1e3;
  return j;
}

void Metrics::append(const ordered_json& line) {
  const std::string text = line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
  if (keeps_) remember(line, text);
  if (folder_.empty()) return;
  try {
    const Descriptor file =
        open_own({"metrics", fmt::format("{}/rank-{}.jsonl", folder_, rank_)}, O_WRONLY | O_CREAT | O_APPEND);
    file.write(file.size(), text);
  } catch (const Error&) {  // a job works without its numbers
  }
}

/// A later line of the same stage takes the place of the one before, unless its time has started anew.
void Metrics::remember(const ordered_json& line, const std::string& text) {
  const std::string what = line.value("kind", "") + " " + line.value("stage", "");
  const double elapsed = line.value("elapsed_seconds", 0.0);
  const auto last = std::ranges::find(kept_.rbegin(), kept_.rend(), what, &Kept::what);
  if (last != kept_.rend() && elapsed >= last->elapsed_seconds)
    *last = {what, text, elapsed};
  else if (kept_.size() < most_kept)
    kept_.push_back({what, text, elapsed});
}

std::string Metrics::kept() const {
  std::string text;
  for (const Kept& line : kept_) text += line.line;
  return text;
}

void Metrics::progress(const StageProgress& p) {
  last_ = p;
  if (p.total > 0) counted_ = p;
  if (!wanted()) return;
  ordered_json j = head();
  j["stage"] = p.stage;
  j["kind"] = "progress";
  if (p.total > 0) {
    j["done"] = p.done;
    j["total"] = p.total;
    j["failed"] = p.failed;
    j["rate"] = p.rate;
    j["eta_seconds"] = p.eta_seconds >= 0 ? ordered_json(p.eta_seconds) : ordered_json();
  }
  if (!p.note.empty()) j["note"] = p.note;
  j["elapsed_seconds"] = p.elapsed_seconds;
  append(j);
  write_prometheus(0, false);
}

void Metrics::own(const std::string& stage, const std::vector<std::pair<const char*, double>>& numbers) {
  if (folder_.empty() && !keeps_) return;
  ordered_json j = head();
  j["stage"] = stage;
  j["kind"] = "rank";
  for (const auto& [name, value] : numbers) j[name] = value;
  append(j);
}

void Metrics::end(int exit_code) {
  if (!wanted()) return;
  ordered_json j = head();
  j["kind"] = "end";
  j["exit_code"] = exit_code;
  append(j);
  write_prometheus(exit_code, true);
}

void Metrics::write_prometheus(int exit_code, bool ended) const {
  if (prometheus_.empty()) return;
  const std::string labels = fmt::format(R"(command="{}",job="{}")", label(command_), label(slurm_job()));
  std::string text;
  const auto add = [&](const char* name, const char* help, double value) {
    add_gauge(text, labels, name, help, value);
  };
  if (counted_.total > 0) {
    add("pool3_images_done", "Pictures done, by earlier lives of the job too.", static_cast<double>(counted_.done));
    add("pool3_images", "Pictures of the catalogue.", static_cast<double>(counted_.total));
    add("pool3_images_failed", "Pictures that failed.", static_cast<double>(counted_.failed));
    add("pool3_images_per_second", "Rate since the stage began.", counted_.rate);
    if (counted_.eta_seconds >= 0)
      add("pool3_eta_seconds", "Time left at that rate.", ended ? 0 : counted_.eta_seconds);
  }
  add_gauge(text, fmt::format("{},stage=\"{}\"", labels, label(last_.stage)), "pool3_stage", "1 for the stage at work.",
            ended ? 0 : 1);
  add("pool3_stage_seconds", "Time that the stage has taken.", last_.elapsed_seconds);
  add("pool3_updated_timestamp_seconds", "When this was written.", static_cast<double>(clock_.wall_time()));
  add("pool3_ended", "1 once the job has ended.", ended ? 1 : 0);
  if (ended) add("pool3_exit_code", "0 done, 1 failed, 2 usage, 3 some pictures failed, 75 stopped early.", exit_code);
  try {
    // The exporter reads it at any moment, but not after a loss of power. It skips the temporary, whose name ends in
    // .tmp.
    write_whole_file({"metrics", prometheus_}, text, {.durable = false, .sweep = false});
  } catch (const Error&) {  // never ends a job
  }
}

}  // namespace pool3::jobs
