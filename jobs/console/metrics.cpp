#include "console/metrics.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pool3/files.hpp"

namespace pool3::jobs {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::seconds interval{5};

std::string dump(const ordered_json& j) { return j.dump(-1, ' ', false, ordered_json::error_handler_t::replace); }

std::string slurm_job() {
  const char* job = std::getenv("SLURM_JOB_ID");
  return job != nullptr ? job : "";
}

/// Text between the quotes of a label.
std::string label(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string number(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.15g", value);
  return text.data();
}

void add_gauge(std::string& text, const std::string& labels, const char* name, const char* help, double value) {
  text += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " gauge\n" + name + "{" + labels + "} " +
          number(value) + "\n";
}

}  // namespace

bool MetricsClock::due() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return false;
  next_ = now + interval;
  return true;
}

Metrics::Metrics(std::string folder, std::string prometheus, std::string command, int rank)
    : folder_(std::move(folder)), prometheus_(std::move(prometheus)), command_(std::move(command)), rank_(rank) {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::create_directories(folder_, ignored);
}

void Metrics::append(const std::string& line) {
  if (folder_.empty()) return;
  std::ofstream file(folder_ + "/rank-" + std::to_string(rank_) + ".jsonl", std::ios::app);
  file << line + "\n";
}

void Metrics::progress(const StageProgress& p) {
  last_ = p;
  if (p.total > 0) counted_ = p;
  if (!wanted()) return;
  ordered_json j = {{"time", std::time(nullptr)}, {"command", command_}, {"job", slurm_job()}, {"rank", rank_},
                    {"stage", p.stage},           {"kind", "progress"}};
  if (p.total > 0) {
    j["done"] = p.done;
    j["total"] = p.total;
    j["failed"] = p.failed;
    j["rate"] = p.rate;
    j["eta_seconds"] = p.eta_seconds >= 0 ? ordered_json(p.eta_seconds) : ordered_json();
  }
  if (!p.note.empty()) j["note"] = p.note;
  j["elapsed_seconds"] = p.elapsed_seconds;
  append(dump(j));
  write_prometheus(0, false);
}

void Metrics::own(const std::string& stage, const std::vector<std::pair<const char*, double>>& numbers) {
  if (folder_.empty()) return;
  ordered_json j = {{"time", std::time(nullptr)},
                    {"command", command_},
                    {"job", slurm_job()},
                    {"rank", rank_},
                    {"stage", stage},
                    {"kind", "rank"}};
  for (const auto& [name, value] : numbers) j[name] = value;
  append(dump(j));
}

void Metrics::end(int exit_code) {
  if (!wanted()) return;
  append(dump({{"time", std::time(nullptr)},
               {"command", command_},
               {"job", slurm_job()},
               {"rank", rank_},
               {"kind", "end"},
               {"exit_code", exit_code}}));
  write_prometheus(exit_code, true);
}

void Metrics::write_prometheus(int exit_code, bool ended) {
  if (prometheus_.empty()) return;
  const std::string labels = "command=\"" + label(command_) + "\",job=\"" + label(slurm_job()) + "\"";
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
  add_gauge(text, labels + ",stage=\"" + label(last_.stage) + "\"", "pool3_stage", "1 for the stage at work.",
            ended ? 0 : 1);
  add("pool3_stage_seconds", "Time that the stage has taken.", last_.elapsed_seconds);
  add("pool3_updated_timestamp_seconds", "When this was written.", static_cast<double>(std::time(nullptr)));
  add("pool3_ended", "1 once the job has ended.", ended ? 1 : 0);
  if (ended) add("pool3_exit_code", "0 done, 1 failed, 2 usage, 3 some pictures failed, 75 stopped early.", exit_code);
  try {
    // The exporter reads it at any moment, but not after a loss of power. It skips the temporary, whose name ends in
    // .tmp.
    write_whole_file({"metrics", prometheus_}, text, {.durable = false, .several_writers = true});
  } catch (const Error&) {  // never ends a job
  }
}

}  // namespace pool3::jobs
