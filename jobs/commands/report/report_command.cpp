// The report command: its flags, and the words that give them again.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "commands/report/report.hpp"

namespace pool3::jobs {
namespace {

/// `word` as a shell takes it.
std::string quoted(const std::string& word) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || std::strchr("._/=-+,:", c) != nullptr; };
  if (!word.empty() && std::ranges::all_of(word, plain)) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

class ReportCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", flags_.features, "feature file");
    p.take_without_flag("features");
    p.add_required("out", flags_.out, "page to make (HTML)", Changes::file);
    p.add("model", flags_.model, "model file: what it says of the held-out rows", std::string());
    p.add("search", flags_.search, "table of a search (JSON)", std::string());
    p.add("evaluation", flags_.evaluation, "evaluation (JSON); without --model it is what the page shows",
          std::string());
    p.add("baselines", flags_.baselines,
          "table of pool3 baseline of the same rows (JSON): other classifiers beside the model", std::string());
    p.add("map", flags_.map, "map of the same rows (HDF5)", std::string());
    p.add("audit", flags_.audit, "folder of an audit", std::string());
    p.add("measured", flags_.measured, "folder that --metrics of the job has filled", std::string());
    p.group("What is shown");
    p.add_optional_list("corpus", flags_.corpus,
                        "folders in which pictures are looked for first, if the catalogue has moved");
    p.add_switch("no-pictures", flags_.no_pictures, "a page without pictures of the catalogue");
    p.add("rows", flags_.rows, "rows to judge, as in evaluate: held-out, training or all", std::string());
    p.add("picture", flags_.picture,
          "row or path of the picture to follow through the network; if not given, one of "
          "those that the model is surest of",
          std::string());
    p.add("weights", flags_.weights, "weights of the features: shows the network's stages for that picture",
          std::string());
    p.add("title", flags_.title, "title; if not given, the name of the catalogue", std::string());
    p.add("threads", flags_.threads, "threads per rank; 0: its share of the cores", 0, Changes::nothing);
    for (const char* flag : {"features", "model", "search", "evaluation", "baselines", "map", "audit", "measured"})
      p.reads(flag);
    p.reads("corpus", ReadPath::Form::path);
    p.reads("weights", ReadPath::Form::weights);
    p.writes("out");
  }
  void check() const override {
    if (flags_.threads < 0) throw usage_error("--threads must be 0 or more");
  }
  ExitCode run(const Context& context) override {
    report(context, flags_);
    return ExitCode::ok;
  }

 private:
  ReportFlags flags_;
};

}  // namespace

std::string command_of(const ReportFlags& f) {
  std::string text = "pool3 report --features " + quoted(f.features);
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) text += fmt::format(" --{} {}", flag, quoted(value));
  };
  add("model", f.model);
  add("search", f.search);
  add("evaluation", f.evaluation);
  add("baselines", f.baselines);
  add("map", f.map);
  add("audit", f.audit);
  add("measured", f.measured);
  for (const std::string& folder : f.corpus) add("corpus", folder);
  add("rows", f.rows);
  add("picture", f.picture);
  add("weights", f.weights);
  add("title", f.title);
  if (f.no_pictures) text += " --no-pictures";
  add("out", f.out);
  return text;
}

std::unique_ptr<Command> make_report() { return std::make_unique<ReportCommand>(); }

}  // namespace pool3::jobs
