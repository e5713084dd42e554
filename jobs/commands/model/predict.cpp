// The predict job: pictures or stored features -> lines of JSON or CSV on stdout.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "commands/matching/likeness.hpp"
#include "commands/model/picture_arguments.hpp"
#include "commands/model/prediction_lines.hpp"
#include "console/output.hpp"
#include "pool3/extraction.hpp"
#include "pool3/prediction.hpp"
#include "pool3/store/model.hpp"
#include "setup/find_weights.hpp"
#include "setup/network_options.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "predict";
constexpr int batch = 16;  // pictures of one call of the network

Error other_features(const std::string& model_path, const std::string& difference, const char* advice) {
  return Error({.stage = stage,
                .path = model_path,
                .cause = fmt::format("the model is for other features: {}", difference),
                .advice = advice});
}

/// What judges of both kinds go by: the model's answers, and how far the catalogue is, if there is one.
class Answers {
 public:
  Answers(const Model& model, const PredictionLines& lines, const Likeness* likeness)
      : model_(model), lines_(lines), scorer_(model), likeness_(likeness) {}

  /// Looks at rows of features [n, width], of which line() may then be asked.
  void look(std::span<const float> features) {
    values_ = scorer_.decision_values(features);
    if (likeness_ != nullptr) distances_ = likeness_->distances(features);
  }
  [[nodiscard]] std::string line(const std::string& path, std::size_t i) {
    const auto columns = static_cast<std::size_t>(model_.columns());
    std::optional<Nearness> near;
    if (likeness_ != nullptr) near = {distances_[i], likeness_->usual_distance()};
    unlike_ += near && near->is_unlike() ? 1 : 0;
    ++answered_;
    return lines_.line(path, verdict(model_, std::span(values_).subspan(i * columns, columns)), near);
  }
  [[nodiscard]] std::int64_t unlike() const { return unlike_; }
  [[nodiscard]] std::int64_t answered() const { return answered_; }

 private:
  const Model& model_;
  const PredictionLines& lines_;
  Scorer scorer_;
  const Likeness* likeness_;
  std::vector<double> values_, distances_;
  std::int64_t unlike_ = 0, answered_ = 0;
};

/// Judges pictures on this rank.
class PictureJudge {
 public:
  PictureJudge(const Model& model, const PredictionLines& lines, Answers& answers, const Weights& weights,
               const ExtractorSetup& setup, const std::vector<std::byte>& from_stdin)
      : model_(model),
        lines_(lines),
        answers_(answers),
        extractor_(weights, setup),
        entries_({}, entry_limits(setup.recipe.decoding())),
        extraction_(extractor_.start({.read = [this, &from_stdin](auto path) {
          return path == "-" && !from_stdin.empty() ? from_stdin : entries_.read(path);
        }})) {}

  [[nodiscard]] std::int64_t width() const { return extractor_.width(); }
  [[nodiscard]] std::int64_t failed() const { return failed_; }

  /// A line for each, in their order.
  std::vector<std::string> operator()(const std::vector<NamedPicture>& pictures) {
    std::vector<std::string> paths, lines(pictures.size());
    for (const NamedPicture& picture : pictures) paths.push_back(picture.path);
    if (paths.empty()) return lines;
    extract_list(extraction_, paths, batch, [&](const BlockResult& block) { describe(block, pictures, lines); });
    return lines;
  }

 private:
  void describe(const BlockResult& block, const std::vector<NamedPicture>& pictures, std::vector<std::string>& lines) {
    for (Failure f : block.failures) {
      const auto at = static_cast<std::size_t>(f.row);
      f.path = pictures[at].shown;
      lines[at] = lines_.line(f);
      ++failed_;
    }
    const auto first = static_cast<std::size_t>(block.index) * batch;
    const auto width = static_cast<std::size_t>(model_.width());
    for (std::size_t i = 0; i < block.status.size(); ++i) {
      if (block.status[i] != RowStatus::done) continue;
      answers_.look(std::span(block.features).subspan(i * width, width));
      lines[first + i] = answers_.line(pictures[first + i].shown, 0);
    }
  }

  const Model& model_;
  const PredictionLines& lines_;
  Answers& answers_;
  Extractor extractor_;
  EntryReader entries_;
  Extraction extraction_;
  std::int64_t failed_ = 0;
};

/// Judges the rows of a feature file.
class RowJudge {
 public:
  RowJudge(const Model& model, const PredictionLines& lines, Answers& answers, const FeatureReader& reader)
      : model_(model), lines_(lines), answers_(answers), reader_(reader), failures_(reader.failures()) {}

  [[nodiscard]] std::int64_t failed() const { return std::ssize(failures_); }

  /// The lines of a block.
  [[nodiscard]] std::string operator()(std::int64_t b) {
    const RowRange rows = reader_.block(b);
    const auto status = reader_.status(rows);
    const auto paths = reader_.paths(rows);
    features_.resize(status.size() * static_cast<std::size_t>(model_.width()));
    reader_.read_blocks(b, b + 1, features_);
    answers_.look(features_);
    std::string text;
    for (std::size_t i = 0; i < status.size(); ++i) {
      const Row row = rows.begin + static_cast<Row>(i);
      if (status[i] == RowStatus::done)
        text += answers_.line(paths[i], i);
      else
        text += lines_.line(*std::ranges::lower_bound(failures_, row, {}, &Failure::row));
    }
    return text;
  }

 private:
  const Model& model_;
  const PredictionLines& lines_;
  Answers& answers_;
  const FeatureReader& reader_;
  std::vector<Failure> failures_;
  std::vector<float> features_;
};

class PredictCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("model", model_path_, "model file");
    p.add("features", features_, "feature file: predict its rows, and read no picture", std::string());
    p.add("weights", network_.weights, "the weights that the model's features were made with", std::string());
    p.reads("model");
    p.reads("features");
    p.reads("weights", ReadPath::Form::weights);
    declare_device(p, network_.device);
    p.add("format", format_, "json (a line each) or csv (a table with a header)", std::string("json"));
    p.add("top", top_, "classes to list for each image", 5);
    p.add("coverage", coverage_,
          "also list a set of classes that holds the true one of this share of pictures like those of the training, as "
          "0.95; 0: none",
          0.0);
    p.add(
        "catalogue", catalogue_,
        "feature file that the model was trained on: also say which pictures are unlike all of its training pictures. "
        "Each rank holds its features",
        std::string());
    p.reads("catalogue");
    p.add("threads", network_.threads, "threads per rank; 0: its share of the cores", 0);
    p.take_optional_arguments(
        "IMAGE", images_,
        "pictures; folders, tables, lists and tar files of pictures, as --corpus takes them; -: a "
        "picture, or a list of paths, on stdin");
  }

  void check() const override {
    static_cast<void>(extractor_options(network_, {}));
    static_cast<void>(PredictionLines::parse(format_));
    if (top_ < 1) throw usage_error("--top must be above 0");
    if (!(coverage_ >= 0 && coverage_ < 1)) throw usage_error("--coverage must be at least 0 and below 1");
    if (images_.empty() == features_.empty())
      throw usage_error(images_.empty() ? "no IMAGE given, and no --features" : "give pictures or --features, not both",
                        "see pool3 predict --help");
  }

  ExitCode run(const Context& context) override {
    context.comm.all_do([&] {
      model_ = read_model(model_path_);
      if (coverage_ > 0) check_sets();
      if (!catalogue_.empty())
        likeness_ = std::make_unique<Likeness>(catalogue_, model_, model_path_, std::max(1, network_.threads));
    });
    const PredictionLines lines(model_, PredictionLines::parse(format_), top_, coverage_, likeness_ != nullptr);
    Answers answers(model_, lines, likeness_.get());
    const std::int64_t failed =
        features_.empty() ? judge_pictures(context, lines, answers) : judge_rows(context, lines, answers);
    if (likeness_ != nullptr) say_unlike(context, answers);
    return context.comm.sum(failed) > 0 ? ExitCode::some_failed : ExitCode::ok;
  }

 private:
  /// Throws Error if the model knows nothing of sets.
  void check_sets() const {
    if (has_sets(model_)) return;
    throw Error({.stage = stage,
                 .path = model_path_,
                 .cause = "the model has nothing for --coverage",
                 .advice = "train with --probability-folds above 0, by this version",
                 .code = ExitCode::usage});
  }

  /// Collective.
  void say_unlike(const Context& context, const Answers& answers) const {
    const std::int64_t unlike = context.comm.sum(answers.unlike()), all = context.comm.sum(answers.answered());
    context.log.line(stage, fmt::format("{} of {} pictures are unlike the catalogue: none of its training pictures is "
                                        "as near as 95 of 100 of them have another (cosine distance {:.4f})",
                                        unlike, all, likeness_->usual_distance()));
  }

  /// How many failed on this rank. Collective.
  [[nodiscard]] std::int64_t judge_pictures(const Context& context, const PredictionLines& lines,
                                            Answers& answers) const {
    const Communicator& comm = context.comm;
    Weights weights;
    comm.all_do([&] { weights = weights_of_model(model_, model_path_, network_.weights, stage); });
    const ExtractorOptions wanted = extractor_options(network_, {});
    const ExtractorSetup setup = agree_setup(comm, weights, like_rows_of(model_.features, wanted));
    if (to_string(setup.recipe.precision) != model_.features.precision)
      context.log.line(stage, fmt::format("the model's features are of {}, which can't be had here: {} is taken",
                                          model_.features.precision, to_string(setup.recipe.precision)));
    const NamedPictures named = find_pictures(comm, images_, context.log);
    std::unique_ptr<PictureJudge> judge;
    comm.all_do([&] {
      judge = std::make_unique<PictureJudge>(model_, lines, answers, weights, setup, named.from_stdin);
      const std::string difference = width_difference(judge->width(), model_.width());
      if (!difference.empty())
        throw other_features(model_path_, difference, "give the weights that its features were made with");
    });
    if (comm.is_root()) print_text(lines.header());
    print_in_order(comm, named.pictures, [&](const auto& pictures) { return (*judge)(pictures); });
    return judge->failed();
  }

  /// How many failed, on the root. Collective.
  [[nodiscard]] std::int64_t judge_rows(const Context& context, const PredictionLines& lines, Answers& answers) const {
    const Communicator& comm = context.comm;
    std::unique_ptr<FeatureReader> reader;
    std::unique_ptr<RowJudge> judge;
    comm.all_do([&] {
      reader = std::make_unique<FeatureReader>(features_);
      const std::string difference = input_difference(*reader, model_);
      if (!difference.empty()) throw other_features(model_path_, difference, "give features of the same kind");
      reader->check_tables(comm.rank(), comm.size(), FeatureReader::WithPaths::yes);
      judge = std::make_unique<RowJudge>(model_, lines, answers, *reader);
    });
    if (comm.is_root()) print_text(lines.header());
    for (std::int64_t begin = 0; begin < reader->blocks(); begin += comm.size()) {
      std::string text;
      comm.all_do([&] {
        if (begin + comm.rank() < reader->blocks()) text = (*judge)(begin + comm.rank());
      });
      for (const std::string& of_rank : comm.gather(text)) print_text(of_rank);
    }
    return comm.is_root() ? judge->failed() : 0;
  }

  std::string model_path_, features_, format_, catalogue_;
  NetworkFlags network_ = {.batch = batch};
  int top_ = 5;
  double coverage_ = 0;
  std::vector<std::string> images_;
  Model model_;
  std::unique_ptr<Likeness> likeness_;
};

}  // namespace

std::unique_ptr<Command> make_predict() { return std::make_unique<PredictCommand>(); }

}  // namespace pool3::jobs
