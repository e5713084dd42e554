#include "weights/containers/pickle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pool3::weights {
namespace {

constexpr const char* save_advice = "save the weights alone: torch.save(net.state_dict(), FILE)";

constexpr std::size_t most_arguments = 8;

constexpr std::array<std::string_view, 7> known_globals = {"collections\nOrderedDict",
                                                           "torch._utils\n_rebuild_tensor_v2",
                                                           "torch._utils\n_rebuild_parameter",
                                                           "torch\nFloatStorage",
                                                           "torch\nHalfStorage",
                                                           "torch\nBFloat16Storage",
                                                           "torch\nLongStorage"};

[[noreturn]] void fail(const char* cause) { throw FormatError(fmt::format("a broken pickle: {}", cause)); }

[[noreturn]] void refuse_opcode(std::uint8_t opcode) {
  throw FormatError(fmt::format("its pickle uses opcode 0x{:02x}, which no state_dict needs", opcode), save_advice);
}

std::string_view take_line(ByteReader& bytes) {
  ByteReader ahead = bytes;
  std::uint64_t length = 0;
  while (ahead.take<char>() != '\n') ++length;
  const std::string_view line = bytes.take(length);
  bytes.skip(1);  // pickletools.py, stringnl: the end of the line
  return line;
}

}  // namespace

Pickle::Pickle(ByteReader& bytes) : bytes_(bytes) {
  for (;;) {
    const auto opcode = bytes_.take<std::uint8_t>();
    if (opcode == '.') break;
    if (!push_constant(opcode) && !push_number(opcode) && !use_memo(opcode) && !build(opcode) && !fill(opcode)) {
      refuse_opcode(opcode);
    }
  }
  result_ = pop();
  if (!stack_.empty() || !marks_.empty()) fail("values are left over");
}

bool Pickle::push_constant(std::uint8_t opcode) {
  switch (opcode) {
    case 0x80:  // PROTO
      if (bytes_.take<std::uint8_t>() > 3) {
        throw FormatError("its pickle is of a newer protocol than torch.save writes", save_advice);
      }
      return true;
    case 'N':
      push({.kind = Kind::none});
      return true;
    case 0x88:
    case 0x89:
      push({.kind = Kind::boolean, .integer = opcode == 0x88 ? 1 : 0});
      return true;
    case 'X':  // BINUNICODE
      push({.kind = Kind::text, .text = bytes_.take(bytes_.take<std::uint32_t>())});
      return true;
    case '}':
      push({.kind = Kind::dict});
      return true;
    case ']':
      push({.kind = Kind::list});
      return true;
    case ')':
      push({.kind = Kind::tuple});
      return true;
    case 'c':
      push_global();
      return true;
    default:
      return false;
  }
}

bool Pickle::push_number(std::uint8_t opcode) {
  PickleValue value = {.kind = Kind::integer};
  if (opcode == 'K') {
    value.integer = bytes_.take<std::uint8_t>();
  } else if (opcode == 'M') {
    value.integer = bytes_.take<std::uint16_t>();
  } else if (opcode == 'J') {
    value.integer = bytes_.take<std::int32_t>();
  } else if (opcode == 0x8a) {  // LONG1
    const std::string_view digits = bytes_.take(bytes_.take<std::uint8_t>());
    if (digits.size() > sizeof value.integer) fail("a number is too large");
    if (!digits.empty() && (static_cast<unsigned char>(digits.back()) & 0x80U) != 0) value.integer = -1;
    std::ranges::copy(digits, reinterpret_cast<char*>(&value.integer));
  } else {
    return false;
  }
  push(std::move(value));
  return true;
}

bool Pickle::use_memo(std::uint8_t opcode) {
  switch (opcode) {
    case 'q':
      remember(bytes_.take<std::uint8_t>());
      return true;
    case 'r':
      remember(bytes_.take<std::uint32_t>());
      return true;
    case 'h':
    case 'j': {
      const auto found = memo_.find(opcode == 'h' ? bytes_.take<std::uint8_t>() : bytes_.take<std::uint32_t>());
      if (found == memo_.end()) fail("it recalls what it never remembered");
      stack_.push_back(found->second);
      return true;
    }
    default:
      return false;
  }
}

bool Pickle::build(std::uint8_t opcode) {
  switch (opcode) {
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case 't':
      push({.kind = Kind::tuple, .items = pop_to_mark()});
      return true;
    case 0x85:
    case 0x86:
    case 0x87:
      push({.kind = Kind::tuple, .items = pop_last(opcode - 0x84U)});
      return true;
    case 'Q': {  // BINPERSID
      const PickleValue& id = values_[pop()];
      if (id.kind != Kind::tuple || id.items.size() > most_arguments) fail("a storage without a description");
      push({.kind = Kind::storage, .items = id.items});
      return true;
    }
    case 'R':
      reduce();
      return true;
    case 'b':
      set_state();
      return true;
    default:
      return false;
  }
}

bool Pickle::fill(std::uint8_t opcode) {
  switch (opcode) {
    case 's':
      extend(Kind::dict, pop_last(2));
      return true;
    case 'u':
      extend(Kind::dict, pop_to_mark());
      return true;
    case 'a':
      extend(Kind::list, pop_last(1));
      return true;
    case 'e':
      extend(Kind::list, pop_to_mark());
      return true;
    default:
      return false;
  }
}

void Pickle::push(PickleValue value) {
  stack_.push_back(static_cast<Place>(values_.size()));
  values_.push_back(std::move(value));
}

void Pickle::push_global() {
  const std::string_view module = take_line(bytes_);
  const std::string_view name = take_line(bytes_);
  const std::string_view both(module.data(), module.size() + 1 + name.size());
  if (std::ranges::find(known_globals, both) == known_globals.end()) {
    throw FormatError(fmt::format("its pickle names '{:.60}.{:.60}', which no state_dict needs", module, name),
                      save_advice);
  }
  push({.kind = Kind::global, .text = both});
}

/// What Python would call: only the three functions that build a state_dict, and they are not run either.
void Pickle::reduce() {
  const PickleValue& arguments = values_[pop()];
  const PickleValue& callee = values_[pop()];
  if (callee.kind != Kind::global || arguments.kind != Kind::tuple || arguments.items.size() > most_arguments) {
    fail("a call of something that is no function");
  }
  if (callee.text == known_globals[0] && arguments.items.empty()) {
    push({.kind = Kind::dict});
  } else if (callee.text == known_globals[1]) {
    push({.kind = Kind::tensor, .items = arguments.items});
  } else if (callee.text == known_globals[2] && !arguments.items.empty()) {
    stack_.push_back(arguments.items[0]);
  } else {
    fail("a call that builds no state_dict");
  }
}

/// The attributes of an OrderedDict: nothing that weights need.
void Pickle::set_state() {
  static_cast<void>(pop());
  if (stack_.empty() || values_[stack_.back()].kind != Kind::dict) fail("attributes of something that is no dict");
}

void Pickle::extend(Kind kind, std::vector<Place> items) {
  if (stack_.empty() || values_[stack_.back()].kind != kind) fail("items of something that holds none");
  if (kind == Kind::dict && items.size() % 2 != 0) fail("a key without a value");
  std::vector<Place>& held = values_[stack_.back()].items;
  held.insert(held.end(), items.begin(), items.end());
}

void Pickle::remember(std::uint32_t key) {
  if (stack_.empty()) fail("nothing to remember");
  memo_[key] = stack_.back();
}

Pickle::Place Pickle::pop() { return pop_last(1)[0]; }

std::vector<Pickle::Place> Pickle::pop_last(std::size_t count) {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() - floor < count) fail("its stack is empty");
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<Place> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  return items;
}

std::vector<Pickle::Place> Pickle::pop_to_mark() {
  if (marks_.empty()) fail("no mark");
  std::vector<Place> items = pop_last(stack_.size() - marks_.back());
  marks_.pop_back();
  return items;
}

}  // namespace pool3::weights
