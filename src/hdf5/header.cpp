// IV.A: objects are headers of messages, in blocks.

#include "hdf5/cursor.hpp"
#include "hdf5/messages.hpp"
#include "pool3/hdf5.hpp"

namespace pool3 {

using hdf5::broken;
using hdf5::Cursor;
using hdf5::unknown;

namespace {

constexpr std::size_t old_prefix_bytes = 16, least_new_prefix_bytes = 6, checksum_bytes = 4;

}  // namespace

Hdf5File::Block Hdf5File::first_block(Address header, HeaderRules& rules) const {
  const std::string start = take(header, old_prefix_bytes);
  if (start.starts_with("OHDR")) {  // IV.A.1.b
    rules.is_old = false;
    if (start[4] != 2) unknown("objects of a newer layout");
    const auto flags = static_cast<unsigned char>(start[5]);
    rules.has_order = (flags & 4U) != 0;
    const std::uint64_t size_bytes = std::uint64_t{1} << (flags & 3U);
    // times, and when attributes move to a heap
    const std::uint64_t at = least_new_prefix_bytes + ((flags & 32U) != 0 ? 16 : 0) + ((flags & 16U) != 0 ? 4 : 0);
    const std::string prefix = take(header, at + size_bytes);
    Cursor size(std::string_view(prefix).substr(at));
    const Address begin = header + at + size_bytes;
    return {.offset = base_ + begin, .bytes = take(begin, size.number(size_bytes))};
  }
  Cursor prefix(start);  // IV.A.1.a
  if (prefix.take<std::uint8_t>() != 1) unknown("objects of a newer layout");
  prefix.skip(7);  // reserved, number of messages, reference count
  const auto size = prefix.take<std::uint32_t>();
  const Address begin = header + old_prefix_bytes;
  return {.offset = base_ + begin, .bytes = take(begin, size)};
}

Hdf5File::Block Hdf5File::continuation(const Message& message, const HeaderRules& rules) const {
  Cursor where(message.data);
  const auto address = where.take<std::uint64_t>();
  const auto size = where.take<std::uint64_t>();
  Block block{.offset = base_ + address, .bytes = take(address, size)};
  if (rules.is_old) return block;
  if (!block.bytes.starts_with("OCHK") || size < 4 + checksum_bytes) broken("no header where one should go on");
  block.bytes = block.bytes.substr(4, size - 4 - checksum_bytes);
  block.offset += 4;
  return block;
}

void Hdf5File::add_messages(const Block& block, const HeaderRules& rules, std::vector<Message>& out) const {
  const std::uint64_t head_bytes = rules.is_old ? 8 : rules.has_order ? 6 : 4;
  Cursor bytes(block.bytes);
  while (bytes.left() >= head_bytes) {
    spend(0);
    Message message;
    message.type = rules.is_old ? bytes.take<std::uint16_t>() : bytes.take<std::uint8_t>();
    const auto size = bytes.take<std::uint16_t>();
    message.flags = bytes.take<std::uint8_t>();
    bytes.skip(head_bytes - (rules.is_old ? 5 : 4));  // reserved, or order of creation
    message.offset = block.offset + bytes.place();
    message.data = bytes.take(size);
    out.push_back(std::move(message));
  }
}

std::vector<Hdf5File::Message> Hdf5File::messages(Address header) const {
  HeaderRules rules;
  std::vector<Message> out;
  add_messages(first_block(header, rules), rules, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].type != hdf5::continuation_type) continue;
    const Block block = continuation(out[i], rules);
    add_messages(block, rules, out);
  }
  return out;
}

}  // namespace pool3
