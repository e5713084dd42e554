#pragma once
// Python pickles of a torch state_dict. Nothing is ever called: globals are names, and a tensor is a list of numbers.

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "weights/containers/byte_reader.hpp"

namespace pool3::weights {

/// A value of a pickle. `items` are places in the pickle's values.
struct PickleValue {
  enum class Kind : std::uint8_t {
    none,
    boolean,  ///< `integer`: 0 or 1
    integer,
    text,
    global,  ///< `text`: "MODULE\nNAME"
    tuple,
    list,
    dict,     ///< `items`: key, value, key, value ...
    storage,  ///< `items`: what its persistent id holds
    tensor,   ///< `items`: the arguments of torch._utils._rebuild_tensor_v2
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  std::string_view text;
  std::vector<std::uint32_t> items;
};

/// One pickle, unpacked. The bytes must outlive it.
class Pickle {
 public:
  using Kind = PickleValue::Kind;
  using Place = std::uint32_t;
  /// Reads one pickle from `bytes`, which stays behind its end. Only the opcodes and globals that a state_dict needs
  /// are known; others are refused by name. Throws FormatError.
  explicit Pickle(ByteReader& bytes);
  [[nodiscard]] const PickleValue& result() const { return values_[result_]; }
  [[nodiscard]] const std::vector<PickleValue>& values() const { return values_; }
  [[nodiscard]] const PickleValue& operator[](Place place) const { return values_[place]; }

 private:
  bool push_constant(std::uint8_t opcode);
  bool push_number(std::uint8_t opcode);
  bool use_memo(std::uint8_t opcode);
  bool build(std::uint8_t opcode);
  bool fill(std::uint8_t opcode);
  void push(PickleValue value);
  void push_global();
  void reduce();
  void set_state();
  void extend(Kind kind, std::vector<Place> items);
  void remember(std::uint32_t key);
  Place pop();
  std::vector<Place> pop_last(std::size_t count);
  std::vector<Place> pop_to_mark();

  ByteReader& bytes_;
  std::vector<PickleValue> values_;
  std::vector<Place> stack_;
  std::vector<std::size_t> marks_;
  std::map<std::uint32_t, Place> memo_;
  Place result_ = 0;
};

}  // namespace pool3::weights
