#pragma once
// What predict prints of a row, as JSON or CSV. docs/format.md has the fields.

#include <optional>
#include <string>
#include <vector>

#include "pool3/prediction.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/model.hpp"

namespace pool3::jobs {

/// How far the nearest picture of a catalogue is, and whether that is farther than usual.
struct Nearness {
  double distance = 0, usual = 0;
  [[nodiscard]] bool is_unlike() const { return distance > usual; }
};

class PredictionLines {
 public:
  enum class Format { json, csv };
  /// "json" or "csv". Throws usage Error.
  [[nodiscard]] static Format parse(const std::string& text);
  /// `model` must outlive it. `top`: classes to list. `coverage`: of prediction sets, or 0 for none; REQUIRES then:
  /// has_sets(model).
  /// `nearness`: lines have it, too.
  PredictionLines(const Model& model, Format format, int top, double coverage = 0, bool nearness = false);

  /// What comes before all; "" of JSON. Every line ends with a line feed, and holds no other.
  [[nodiscard]] std::string header() const;
  /// `near`: there if and only if lines have it.
  [[nodiscard]] std::string line(const std::string& path, const Verdict& said,
                                 const std::optional<Nearness>& near = {}) const;
  [[nodiscard]] std::string line(const Failure& failure) const;

 private:
  [[nodiscard]] std::string json(const std::string& path, const Verdict& said,
                                 const std::optional<Nearness>& near) const;
  [[nodiscard]] std::string csv(const std::string& path, const Verdict& said,
                                const std::optional<Nearness>& near) const;
  [[nodiscard]] std::size_t listed() const;  ///< classes of a line
  [[nodiscard]] std::vector<std::string> set_of(const Verdict& said) const;
  const Model& model_;
  Format format_;
  int top_;
  bool nearness_;
  std::optional<double> threshold_;  ///< of prediction sets, if there are any
};

}  // namespace pool3::jobs
