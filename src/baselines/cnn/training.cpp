#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "baselines/cnn/samples.hpp"
#include "baselines/cnn/training_state.hpp"
#include "pool3/error.hpp"
#include "pool3/image.hpp"
#include "pool3/network/small_network.hpp"
#include "pool3/partition.hpp"

namespace pool3 {
namespace {

using baselines::Samples;
using baselines::TrainingState;

constexpr std::int64_t batch_pictures = 128, part_pictures = 16;
/// A part of the training rows, one in so many, says when to stop.
constexpr std::int64_t one_in = 10;
constexpr double rate = 1e-3, keep_mean = 0.9, keep_square = 0.999, small = 1e-8;
/// Sums over ranks are of whole numbers of this: then their order does not matter.
constexpr double unit = 0x1p-36;
constexpr double least_probability = 1e-15;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Uniform within sqrt(6 / inputs) (He et al. 2015); biases 0.
std::vector<float> first_parameters(const SmallNetwork& network, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> all;
  for (const auto& layer : network.layers())
    for (std::int64_t i = 0; i < layer.numbers; ++i) {
      const double uniform = 2 * (static_cast<double>(random() >> 11U) * 0x1p-53) - 1;
      all.push_back(
          layer.inputs == 0 ? 0.0F : static_cast<float>(uniform * std::sqrt(6.0 / static_cast<double>(layer.inputs))));
    }
  return all;
}

class Training {
 public:
  Training(const Communicator& comm, const Samples& samples, const SmallNetwork& network, std::int64_t classes,
           const CnnOptions& options)
      : comm_(comm), samples_(samples), network_(network), classes_(classes), options_(options) {
    const auto order = baselines::random_order(samples.count(), options.seed);
    const std::int64_t apart = std::max<std::int64_t>(1, samples.count() / one_in);
    validation_.assign(order.begin(), order.begin() + apart);
    training_.assign(order.begin() + apart, order.end());
    state_.parameters = state_.best = first_parameters(network, baselines::mixed(options.seed, 1));
    state_.mean = state_.square = std::vector<float>(state_.parameters.size(), 0.0F);
    state_.best_loss = std::numeric_limits<double>::infinity();
  }

  /// Collective.
  [[nodiscard]] std::vector<float> best_parameters() {
    const baselines::Checkpoint checkpoint(comm_, options_.checkpoint, identity());
    static_cast<void>(checkpoint.recall(state_));
    while (state_.epoch < options_.epochs && state_.epoch - state_.best_epoch < options_.patience) {
      CnnProgress now{.epoch = ++state_.epoch, .loss = run_epoch()};
      validate(now);
      if (now.validation_loss < state_.best_loss) {
        state_.best_loss = now.validation_loss;
        state_.best_epoch = state_.epoch;
        state_.best = state_.parameters;
      }
      checkpoint.keep(state_);
      if (options_.progress) options_.progress(now);
    }
    return state_.best;
  }

 private:
  [[nodiscard]] std::string identity() const {
    const auto bytes = std::as_bytes(std::span(samples_.labels));
    return fmt::format("pool3 cnn 1, {} classes, seed {}, {} {}\n", classes_, options_.seed, to_hex(content_key(bytes)),
                       to_hex(content_key(std::as_bytes(std::span(samples_.pixels)))));
  }

  /// Mean loss. Collective.
  double run_epoch() {
    const auto order = baselines::random_order(
        std::ssize(training_), baselines::mixed(options_.seed, 100 + static_cast<std::uint64_t>(state_.epoch)));
    double loss = 0;
    for (std::int64_t b = 0; b < block_count(std::ssize(order), batch_pictures); ++b) {
      const RowRange range = block_range(std::ssize(order), batch_pictures, b);
      std::vector<std::int64_t> batch;
      for (Row i = range.begin; i < range.end; ++i) batch.push_back(training_[index(order[index(i)])]);
      loss += step(batch);
    }
    return training_.empty() ? 0 : loss / static_cast<double>(training_.size());
  }

  /// The loss of a batch, and a step of Adam. Collective.
  double step(const std::vector<std::int64_t>& batch) {
    std::vector<std::int64_t> sums(state_.parameters.size() + 1, 0);
    comm_.all_do([&] {
      for (std::int64_t part = comm_.rank(); part < block_count(std::ssize(batch), part_pictures); part += comm_.size())
        add_part(batch, block_range(std::ssize(batch), part_pictures, part), sums);
    });
    comm_.sum(std::span<std::int64_t>(sums));
    update(sums, static_cast<double>(batch.size()));
    return static_cast<double>(sums.back()) * unit;
  }

  void add_part(const std::vector<std::int64_t>& batch, RowRange range, std::vector<std::int64_t>& sums) const {
    std::vector<float> pictures, gradient(state_.parameters.size(), 0.0F);
    std::vector<std::int64_t> labels;
    for (Row i = range.begin; i < range.end; ++i) {
      const std::int64_t sample = batch[index(i)];
      baselines::append_input(samples_.picture(sample), baselines::random_change(options_.seed, state_.epoch, sample),
                              pictures);
      labels.push_back(samples_.labels[index(sample)]);
    }
    const double loss = network_.add_gradient(state_.parameters, pictures, labels, gradient);
    if (!std::isfinite(loss))
      throw Error({.stage = "baseline", .cause = "the small network diverged", .advice = "take another --seed"});
    for (std::size_t i = 0; i < gradient.size(); ++i)
      sums[i] += static_cast<std::int64_t>(static_cast<double>(gradient[i]) / unit);
    sums.back() += static_cast<std::int64_t>(loss / unit);
  }

  void update(const std::vector<std::int64_t>& sums, double pictures) {
    ++state_.steps;
    const double n = static_cast<double>(state_.steps);
    const double mean_of_all = 1 - std::pow(keep_mean, n), square_of_all = 1 - std::pow(keep_square, n);
    for (std::size_t i = 0; i < state_.parameters.size(); ++i) {
      const double g = static_cast<double>(sums[i]) * unit / pictures;
      const double mean = keep_mean * static_cast<double>(state_.mean[i]) + (1 - keep_mean) * g;
      const double square = keep_square * static_cast<double>(state_.square[i]) + (1 - keep_square) * g * g;
      state_.mean[i] = static_cast<float>(mean);
      state_.square[i] = static_cast<float>(square);
      state_.parameters[i] -=
          static_cast<float>(rate * (mean / mean_of_all) / (std::sqrt(square / square_of_all) + small));
    }
  }

  /// Collective.
  void validate(CnnProgress& now) const {
    std::vector<std::int64_t> sums(2, 0);
    comm_.all_do([&] {
      for (std::int64_t part = comm_.rank(); part < block_count(std::ssize(validation_), part_pictures);
           part += comm_.size()) {
        const RowRange range = block_range(std::ssize(validation_), part_pictures, part);
        std::vector<float> pictures;
        for (Row i = range.begin; i < range.end; ++i)
          baselines::append_input(samples_.picture(validation_[index(i)]), {}, pictures);
        const auto p = network_.probabilities(state_.parameters, pictures);
        for (Row i = range.begin; i < range.end; ++i) {
          const auto of_row = std::span(p).subspan(index((i - range.begin) * classes_), index(classes_));
          const std::int64_t truth = samples_.labels[index(validation_[index(i)])];
          sums[0] += static_cast<std::int64_t>(
              -std::log(std::max(static_cast<double>(of_row[index(truth)]), least_probability)) / unit);
          sums[1] += std::ranges::max_element(of_row) - of_row.begin() == truth ? 1 : 0;
        }
      }
    });
    comm_.sum(std::span<std::int64_t>(sums));
    const auto n = static_cast<double>(validation_.size());
    now.validation_loss = static_cast<double>(sums[0]) * unit / n;
    now.validation_accuracy = static_cast<double>(sums[1]) / n;
  }

  const Communicator& comm_;
  const Samples& samples_;
  const SmallNetwork& network_;
  std::int64_t classes_;
  const CnnOptions& options_;
  std::vector<std::int64_t> training_, validation_;  ///< samples
  TrainingState state_;
};

/// Of this rank's held-out pictures. Calls are of one shape.
Verdicts judged(const SmallNetwork& network, std::span<const float> parameters, std::span<const std::uint8_t> pixels,
                std::int64_t classes) {
  const std::int64_t count = std::ssize(pixels) / baselines::picture_numbers;
  Verdicts said{.model_bytes = static_cast<double>(parameters.size_bytes())};
  for (std::int64_t b = 0; b < block_count(count, part_pictures); ++b) {
    const RowRange range = block_range(count, part_pictures, b);
    std::vector<float> pictures;
    for (Row i = range.begin; i < range.end; ++i)
      baselines::append_input(pixels.subspan(index(i * baselines::picture_numbers), index(baselines::picture_numbers)),
                              {}, pictures);
    pictures.resize(index(part_pictures * baselines::picture_numbers), 0.0F);
    const auto p = network.probabilities(parameters, pictures);
    const auto used = std::span(p).first(index(range.size() * classes));
    said.probabilities.insert(said.probabilities.end(), used.begin(), used.end());
    for (std::int64_t i = 0; i < range.size(); ++i) {
      const auto of_row = used.subspan(index(i * classes), index(classes));
      said.predicted.push_back(static_cast<std::int32_t>(std::ranges::max_element(of_row) - of_row.begin()));
    }
  }
  return said;
}

}  // namespace

Verdicts cnn_verdicts(const Communicator& comm, const BaselineRows& rows, const BaselinePictures& pictures,
                      const CnnOptions& options) {
  const std::int64_t classes = rows.training.classes;
  std::unique_ptr<SmallNetwork> network;
  comm.all_do([&] { network = open_small_network({.side = picture_side, .classes = classes}); });
  const Samples samples = baselines::gather_samples(comm, rows, pictures.training);
  const auto parameters = Training(comm, samples, *network, classes, options).best_parameters();
  Verdicts said;
  comm.all_do([&] { said = judged(*network, parameters, pictures.held_out, classes); });
  return said;
}

}  // namespace pool3
