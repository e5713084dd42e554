// The predict job: images -> JSON lines on stdout.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "command.hpp"
#include "extraction/workers.hpp"
#include "pool3/corpus.hpp"
#include "pool3/model.hpp"
#include "pool3/svm.hpp"
#include "setup/input_name.hpp"
#include "setup/network.hpp"
#include "setup/threads.hpp"
#include "setup/weights.hpp"

namespace pool3::jobs {
namespace {

using Json = nlohmann::ordered_json;
constexpr int batch = 16;  // pictures of one call of the network

/// Probabilities [K] that sum to 1: each class's sigmoid, normalised as scikit-learn's one-vs-rest calibration does.
/// Empty if the model is not calibrated.
std::vector<double> probabilities(const Model& model, std::span<const double> scores) {
  if (model.sigmoid_a.empty()) return {};
  std::vector<double> p;
  for (std::size_t k = 0; k < scores.size(); ++k)
    p.push_back(1.0 / (1.0 + std::exp(model.sigmoid_a[k] * scores[k] + model.sigmoid_b[k])));
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& v : p) v = sum > 0 ? v / sum : 1.0 / static_cast<double>(p.size());
  return p;
}

Json line_of(const Model& model, const std::string& path, std::span<const double> scores, int top) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
  const auto p = probabilities(model, scores);
  const auto entry = [&](std::size_t k) {
    Json j = {{"class", model.classes[k]}};
    j["probability"] = p.empty() ? Json() : Json(p[k]);
    j["score"] = scores[k];
    return j;
  };
  Json line = {{"path", path}};
  line.update(entry(order[0]));
  line["top"] = Json::array();
  for (std::size_t i = 0; i < std::min(order.size(), static_cast<std::size_t>(top)); ++i)
    line["top"].push_back(entry(order[i]));
  return line;
}

class PredictCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("model", model_path_, "model file");
    p.add("weights", weights_path_, "the weights that the model's features were made with", std::string());
    declare_device(p, device_);
    p.add("top", top_, "classes to list for each image", 5);
    p.add("threads", threads_, "threads per rank; 0: its share of the cores", 0);
    p.take_arguments("IMAGE", images_, "picture files");
  }

  ExitCode run(const Context& context) override {
    const Communicator& comm = context.comm;
    comm.all_do([&] {
      check_choice(device_, "auto", "");
      if (threads_ < 0) throw usage_error("--threads must be 0 or more");
    });
    const int threads = thread_count(comm, threads_);
    const DeviceChoice where = agree_device(comm, device_);
    comm.all_do([&] { load(where); });
    std::vector<std::string> mine;
    std::int64_t failed = 0;
    comm.all_do([&] {
      for (const Json& line : predict(images_of(comm), threads_on(threads, where.device))) {
        if (line.contains("error")) ++failed;
        mine.push_back(line.dump(-1, ' ', false, Json::error_handler_t::replace));
      }
    });
    print_in_order(comm, mine);
    return comm.sum(failed) > 0 ? ExitCode::some_failed : ExitCode::ok;
  }

 private:
  void load(const DeviceChoice& where) {
    if (top_ < 1) throw usage_error("--top must be above 0");
    model_ = read_model(model_path_);
    // Pictures go the way of those that the model was trained on.
    const Weights weights = weights_of_model(model_, model_path_, weights_path_, "predict");
    settings_.read = [entries = EntryReader({}, largest_file(settings_.decode))](auto path) {
      return entries.read(path);
    };
    settings_.profile = weights.traits.profile;
    if (parse_input_name(model_.features.profile).fast_decode)
      settings_.decode.shortest_side = resized_side(settings_.profile);
    const Precision precision = precision_like(model_.features.precision, where);
    network_ = open_network(weights, network_options(precision, batch, where));
  }

  /// Every P-th picture.
  [[nodiscard]] std::vector<std::string> images_of(const Communicator& comm) const {
    std::vector<std::string> mine;
    for (auto i = static_cast<std::size_t>(comm.rank()); i < images_.size(); i += static_cast<std::size_t>(comm.size()))
      mine.push_back(images_[i]);
    return mine;
  }

  /// A line for each picture, in their order.
  [[nodiscard]] std::vector<Json> predict(const std::vector<std::string>& paths, const WorkThreads& threads) const {
    std::vector<Json> lines(paths.size());
    if (paths.empty()) return lines;
    Workers workers(*network_, settings_, threads);
    for (std::size_t next = 0; next < paths.size() || workers.in_flight() > 0;) {
      if (next < paths.size() && workers.wants_more()) {
        const std::size_t end = std::min(paths.size(), next + batch);
        workers.submit({.index = static_cast<std::int64_t>(next) / batch,
                        .first_row = static_cast<Row>(next),
                        .paths = {&paths[next], &paths[next] + (end - next)}});
        next = end;
      } else if (const auto block = workers.take(1.0)) {
        describe(*block, paths, lines);
      }
    }
    return lines;
  }

  void describe(const BlockResult& block, const std::vector<std::string>& paths, std::vector<Json>& lines) const {
    for (const Failure& f : block.failures)
      lines[static_cast<std::size_t>(f.row)] = {
          {"path", f.path}, {"error", f.message}, {"stage", stage_of(f.status)}, {"code", to_string(f.status)}};
    const auto first = static_cast<std::size_t>(block.index) * batch;
    for (std::size_t i = 0; i < block.status.size(); ++i) {
      if (block.status[i] != RowStatus::done) continue;
      const auto row = std::span(block.features).subspan(i * static_cast<std::size_t>(feature_dim), feature_dim);
      lines[first + i] = line_of(model_, paths[first + i], score_rows(model_.coef, model_.intercept, row), top_);
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
      std::puts(from[i / lines.size()].c_str());
    }
    std::fflush(stdout);
  }

  std::string model_path_, weights_path_, device_;
  int top_ = 5, threads_ = 0;
  std::vector<std::string> images_;
  Model model_;
  WorkSettings settings_;
  std::unique_ptr<Network> network_;
};

}  // namespace

std::unique_ptr<Command> make_predict() { return std::make_unique<PredictCommand>(); }

}  // namespace pool3::jobs
