#include "weights/containers/json.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

using nlohmann::json;

/// Builds the value. json::parse with a callback looks at all that an object holds each time that one inside it ends.
class Builder : public nlohmann::json_sax<json> {
 public:
  Builder(std::string_view what, const JsonLimits& limits) : what_(what), limits_(limits) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& value) override { return add(json::binary(std::move(value))); }
  bool start_object(std::size_t /*elements*/) override { return open(json::object()); }
  bool start_array(std::size_t /*elements*/) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    const auto [place, is_new] = open_.back()->get_ref<json::object_t&>().emplace(std::move(value), nullptr);
    if (!is_new) throw FormatError(fmt::format("{} names '{}' twice", what_, place->first));
    named_ = &place->second;
    return true;
  }
  bool parse_error(std::size_t /*place*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    throw FormatError(fmt::format("{} is not JSON", what_));
  }

  json take() { return std::move(root_); }

 private:
  /// Puts a value where it belongs: in its object, its array, or at the top.
  json& put(json value) {
    if (++values_ > limits_.values)
      throw FormatError(fmt::format("{} holds more values than any network needs", what_));
    if (open_.empty()) return root_ = std::move(value);
    if (open_.back()->is_array()) {
      auto& items = open_.back()->get_ref<json::array_t&>();
      return items.emplace_back(std::move(value));
    }
    return *named_ = std::move(value);
  }
  template <typename T>
  bool add(T&& value) {
    put(json(std::forward<T>(value)));
    return true;
  }
  bool open(json empty) {
    if (open_.size() == limits_.depth) throw FormatError(fmt::format("{} is nested too deeply", what_));
    open_.push_back(&put(std::move(empty)));  // it stays there: only the innermost one grows
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view what_;
  const JsonLimits& limits_;
  json root_;
  std::vector<json*> open_;  ///< objects and arrays that have not ended, each in the one before
  json* named_ = nullptr;    ///< where the value of the last key goes
  std::size_t values_ = 0;
};

}  // namespace

json parse_json(std::string_view text, std::string_view what, const JsonLimits& limits) {
  if (text.size() > limits.bytes) throw FormatError(fmt::format("{} is longer than any network needs", what));
  Builder builder(what, limits);
  json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace pool3::weights
