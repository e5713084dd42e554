// The predict job: images -> JSON lines on stdout.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "command.hpp"
#include "console/output.hpp"
#include "pool3/corpus.hpp"
#include "pool3/extraction.hpp"
#include "pool3/model.hpp"
#include "pool3/prediction.hpp"
#include "setup/network.hpp"
#include "setup/weights.hpp"

namespace pool3::jobs {
namespace {

using Json = nlohmann::ordered_json;
constexpr int batch = 16;  // pictures of one call of the network

Json line_of(const Model& model, const std::string& path, const Verdict& said, int top,
             std::optional<double> threshold) {
  const auto entry = [&](std::int32_t k) {
    const auto at = static_cast<std::size_t>(k);
    Json j = {{"class", utf8_text(model.classes[at])}};
    j["probability"] = said.probabilities.empty() ? Json() : Json(said.probabilities[at]);
    j["score"] = said.scores[at];
    return j;
  };
  Json line = {{"path", utf8_text(path)}};
  line.update(entry(said.predicted));
  line["top"] = Json::array();
  const auto order = said.ranking();
  for (std::size_t i = 0; i < std::min(order.size(), static_cast<std::size_t>(top)); ++i)
    line["top"].push_back(entry(order[i]));
  if (!threshold) return line;
  line["set"] = Json::array();
  for (const std::int32_t k : prediction_set(said, *threshold))
    line["set"].push_back(utf8_text(model.classes[static_cast<std::size_t>(k)]));
  return line;
}

class PredictCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("model", model_path_, "model file");
    p.add("weights", network_.weights, "the weights that the model's features were made with", std::string());
    p.reads("model");
    p.reads("weights", ReadPath::Form::weights);
    declare_device(p, network_.device);
    p.add("top", top_, "classes to list for each image", 5);
    p.add("coverage", coverage_,
          "also list a set of classes that holds the true one of this share of pictures like those of the training, as "
          "0.95; 0: none",
          0.0);
    p.add("threads", network_.threads, "threads per rank; 0: its share of the cores", 0);
    p.take_arguments("IMAGE", images_, "picture files");
  }

  void check() const override {
    static_cast<void>(extractor_options(network_, {}));
    if (top_ < 1) throw usage_error("--top must be above 0");
    if (!(coverage_ >= 0 && coverage_ < 1)) throw usage_error("--coverage must be at least 0 and below 1");
  }

  ExitCode run(const Context& context) override {
    const Communicator& comm = context.comm;
    const ExtractorOptions wanted = extractor_options(network_, {});
    Weights weights;
    comm.all_do([&] {
      model_ = read_model(model_path_);
      if (coverage_ > 0) take_threshold();
      weights = weights_of_model(model_, model_path_, network_.weights, "predict");
    });
    const ExtractorSetup setup = agree_setup(comm, weights, like_rows_of(model_.features, wanted));
    if (to_string(setup.recipe.precision) != model_.features.precision)
      context.log.line("predict", fmt::format("the model's features are of {}, which can't be had here: {} is taken",
                                              model_.features.precision, to_string(setup.recipe.precision)));
    std::vector<std::string> mine;
    std::int64_t failed = 0;
    comm.all_do([&] {
      const Extractor extractor(weights, setup);
      check_width(extractor);
      for (const Json& line : predict(extractor, images_of(comm))) {
        if (line.contains("error")) ++failed;
        mine.push_back(line.dump(-1, ' ', false, Json::error_handler_t::replace));
      }
    });
    print_in_order(comm, mine);
    return comm.sum(failed) > 0 ? ExitCode::some_failed : ExitCode::ok;
  }

 private:
  void check_width(const Extractor& extractor) const {
    const std::string difference = width_difference(extractor.width(), model_.width());
    if (difference.empty()) return;
    throw Error({.stage = "predict",
                 .path = model_path_,
                 .cause = fmt::format("the model is for other features: {}", difference),
                 .advice = "give the weights that its features were made with"});
  }

  /// Throws Error if the model knows nothing of sets.
  void take_threshold() {
    if (has_sets(model_)) {
      threshold_ = set_threshold(model_, coverage_);
      return;
    }
    throw Error({.stage = "predict",
                 .path = model_path_,
                 .cause = "the model has nothing for --coverage",
                 .advice = "train one-vs-rest with --probability-folds above 0, by this version",
                 .code = ExitCode::usage});
  }

  /// Every P-th picture.
  [[nodiscard]] std::vector<std::string> images_of(const Communicator& comm) const {
    std::vector<std::string> mine;
    for (auto i = static_cast<std::size_t>(comm.rank()); i < images_.size(); i += static_cast<std::size_t>(comm.size()))
      mine.push_back(images_[i]);
    return mine;
  }

  /// A line for each picture, in their order.
  [[nodiscard]] std::vector<Json> predict(const Extractor& extractor, const std::vector<std::string>& paths) const {
    std::vector<Json> lines(paths.size());
    if (paths.empty()) return lines;
    const EntryReader entries({}, entry_limits(extractor.setup().recipe.decoding()));
    Extraction extraction = extractor.start({.read = [&](auto path) { return entries.read(path); }});
    const Scorer scorer(model_);
    extract_list(extraction, paths, batch, [&](const BlockResult& block) { describe(block, scorer, paths, lines); });
    return lines;
  }

  void describe(const BlockResult& block, const Scorer& scorer, const std::vector<std::string>& paths,
                std::vector<Json>& lines) const {
    for (const Failure& f : block.failures)
      lines[static_cast<std::size_t>(f.row)] = {{"path", utf8_text(f.path)},
                                                {"error", utf8_text(f.message)},
                                                {"stage", stage_of(f.status)},
                                                {"code", to_string(f.status)}};
    const auto first = static_cast<std::size_t>(block.index) * batch;
    const auto width = static_cast<std::size_t>(model_.width());
    for (std::size_t i = 0; i < block.status.size(); ++i) {
      if (block.status[i] != RowStatus::done) continue;
      const auto row = std::span(block.features).subspan(i * width, width);
      lines[first + i] = line_of(model_, paths[first + i], verdict(model_, scorer.decision_values(row)), top_,
                                 coverage_ > 0 ? std::optional(threshold_) : std::nullopt);
    }
  }

  /// Lines in the order of the arguments, which were dealt out to the ranks in turn. Collective.
  static void print_in_order(const Communicator& comm, const std::vector<std::string>& mine) {
    const auto all = comm.gather(Json(mine).dump());
    std::vector<std::vector<std::string>> lines;
    lines.reserve(all.size());
    for (const auto& text : all) lines.push_back(Json::parse(text).get<std::vector<std::string>>());
    for (std::size_t i = 0; !lines.empty(); ++i) {
      const auto& from = lines[i % lines.size()];
      if (i / lines.size() >= from.size()) break;
      print_json(Json::parse(from[i / lines.size()]));
    }
  }

  std::string model_path_;
  NetworkFlags network_ = {.batch = batch};
  int top_ = 5;
  double coverage_ = 0, threshold_ = 0;
  std::vector<std::string> images_;
  Model model_;
};

}  // namespace

std::unique_ptr<Command> make_predict() { return std::make_unique<PredictCommand>(); }

}  // namespace pool3::jobs
