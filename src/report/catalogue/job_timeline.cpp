#include "report/catalogue/job_timeline.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "pool3/error.hpp"

namespace pool3::report {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view bytes = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (!excess_of_json(bytes).empty()) continue;
    Json line = Json::parse(bytes, nullptr, false);
    if (line.is_object() && line.value("kind", Json()).is_string() && line.value("time", Json()).is_number())
      lines.push_back(std::move(line));
  }
  return lines;
}

double number(const Json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_number() ? found->get<double>() : 0;
}

std::string stage_of(const Json& line) {
  const auto found = line.find("stage");
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// When a line was written: to the millisecond, or in older ones to the second.
double time_of(const Json& line) { return line.contains("at") ? number(line, "at") : number(line, "time"); }

/// A stage that a rank was in. A time that starts anew is another one.
struct Span {
  std::string stage;
  double begin = 0, end = 0;
  Json last;
};

/// Times in lines are no finer than this.
constexpr double slack_seconds = 1.5;

std::vector<Span> spans_of(const std::vector<Json>& lines, const char* kind, double from) {
  std::vector<Span> spans;
  for (const Json& line : lines) {
    const double time = time_of(line);
    if (line["kind"] != kind || time < from) continue;
    Span span{.stage = stage_of(line), .begin = time - number(line, "elapsed_seconds"), .end = time, .last = line};
    // The parts of a stage come one by one, and then the whole.
    while (!spans.empty() && spans.back().stage == span.stage && span.begin <= spans.back().end + slack_seconds) {
      span.begin = std::min(span.begin, spans.back().begin);
      spans.pop_back();
    }
    spans.push_back(std::move(span));
  }
  return spans;
}

/// When the last life began: behind the end of the one before it, as the first rank tells.
double last_life(const std::vector<Json>& root) {
  double from = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i + 1 < root.size(); ++i)
    if (root[i]["kind"] == "end") from = time_of(root[i + 1]) - number(root[i + 1], "elapsed_seconds");
  return from;
}

Json json_of(const Span& span, double start) {
  Json out = {{"stage", span.stage}, {"begin", span.begin - start}, {"end", span.end - start}};
  if (span.last.contains("images")) out["images"] = number(span.last, "images");
  if (span.last.contains("communication_seconds")) {
    out["messages"] = number(span.last, "communication_seconds");
    out["bytes"] = number(span.last, "communication_bytes");
  }
  for (const char* part : {"read", "decode", "resize", "network", "write"}) {
    const std::string name = std::string(part) + "_seconds";
    if (span.last.contains(name)) out["parts"][part] = number(span.last, name.c_str());
  }
  return out;
}

}  // namespace

Json timeline_for_page(const std::vector<std::string>& metrics) {
  if (metrics.empty()) return {};
  std::vector<std::vector<Json>> ranks;
  ranks.reserve(metrics.size());
  for (const std::string& text : metrics) ranks.push_back(lines_of(text));
  const double from = last_life(ranks[0]);
  const std::vector<Span> stages = spans_of(ranks[0], "progress", from);
  std::vector<std::vector<Span>> own;
  double start = std::numeric_limits<double>::infinity(), end = -start;
  const auto widen = [&](const std::vector<Span>& spans) {
    for (const Span& span : spans) {
      start = std::min(start, span.begin);
      end = std::max(end, span.end);
    }
  };
  widen(stages);
  for (const auto& lines : ranks) {
    own.push_back(spans_of(lines, "rank", from));
    widen(own.back());
  }
  if (!(end >= start)) return {};
  Json out;
  out["seconds"] = end - start;
  out["stages"] = Json::array();
  for (const Span& span : stages) out["stages"].push_back(json_of(span, start));
  out["ranks"] = Json::array();
  for (std::size_t rank = 0; rank < own.size(); ++rank) {
    Json spans = Json::array();
    for (const Span& span : own[rank]) spans.push_back(json_of(span, start));
    out["ranks"].push_back({{"rank", rank}, {"spans", std::move(spans)}});
  }
  return out;
}

}  // namespace pool3::report
