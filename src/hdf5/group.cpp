// III: groups are trees of symbols with a heap of names, or links in the group's header.

#include <fmt/format.h>

#include "hdf5/cursor.hpp"
#include "hdf5/messages.hpp"
#include "pool3/hdf5.hpp"

namespace pool3 {

using hdf5::broken;
using hdf5::Cursor;
using hdf5::unknown;

namespace {

constexpr int most_levels = 16;
constexpr std::uint64_t tree_head_bytes = 24, symbols_head_bytes = 8, symbol_bytes = 40, heap_head_bytes = 32;

/// The string at `offset` of a local heap.
std::string name_at(const std::string& names, std::uint64_t offset) {
  if (offset >= names.size()) broken("a name outside its heap");
  return std::string(Cursor(std::string_view(names).substr(offset)).text());
}

void add(std::map<std::string, Hdf5File::Address>& links, const std::string& name, Hdf5File::Address to) {
  if (!links.emplace(name, to).second) broken(fmt::format("'{}' is there twice", name));
}

}  // namespace

std::map<std::string, Hdf5File::Address> Hdf5File::links(Address group) const {
  std::map<std::string, Address> links;
  for (const Message& message : messages(group)) {
    Cursor bytes(message.data);
    if (message.type == hdf5::symbol_table_type) {
      const auto tree = bytes.take<std::uint64_t>();
      walk(tree, -1, heap_names(bytes.take<std::uint64_t>()), links);
    } else if (message.type == hdf5::link_type) {
      if (const auto link = hdf5::read_link(message.data)) add(links, link->name, link->address);
    } else if (message.type == hdf5::link_info_type) {  // IV.A.2.c
      bytes.skip(1);
      bytes.skip((bytes.take<std::uint8_t>() & 1U) != 0 ? 8 : 0);  // order of creation
      if (bytes.take<std::uint64_t>() != hdf5::undefined_address) unknown("groups with links in a heap");
    }
  }
  return links;
}

/// III.D
std::string Hdf5File::heap_names(Address heap) const {
  const std::string head = take(heap, heap_head_bytes);
  Cursor bytes(head);
  if (bytes.take(4) != "HEAP") broken("no heap where one should be");
  bytes.skip(4);  // version, reserved
  const auto size = bytes.take<std::uint64_t>();
  bytes.skip(8);  // offset of the free list
  return take(bytes.take<std::uint64_t>(), size);
}

/// III.A.1: a node of a group's tree. `level` is what its parent demands, or -1 for the root: levels go down, so this
/// ends.
void Hdf5File::walk(Address node, int level, const std::string& names, std::map<std::string, Address>& links) const {
  const std::string head = take(node, tree_head_bytes);
  Cursor bytes(head);
  if (bytes.take(4) != "TREE" || bytes.take<std::uint8_t>() != 0) broken("no tree where one should be");
  const int its_level = bytes.take<std::uint8_t>();
  if ((level >= 0 && its_level != level) || its_level > most_levels) broken("a tree with wrong levels");
  const auto count = bytes.take<std::uint16_t>();
  const std::string entries = take(node + tree_head_bytes, std::uint64_t{count} * 16);
  Cursor children(entries);
  for (unsigned i = 0; i < count; ++i) {
    children.skip(8);  // key
    const auto child = children.take<std::uint64_t>();
    if (its_level > 0) {
      walk(child, its_level - 1, names, links);
    } else {
      add_symbols(child, names, links);
    }
  }
}

/// III.B
void Hdf5File::add_symbols(Address node, const std::string& names, std::map<std::string, Address>& links) const {
  const std::string head = take(node, symbols_head_bytes);
  Cursor start(head);
  if (start.take(4) != "SNOD") broken("no symbols where some should be");
  start.skip(2);  // version, reserved
  const auto count = start.take<std::uint16_t>();
  const std::string entries = take(node + symbols_head_bytes, count * symbol_bytes);
  Cursor bytes(entries);
  for (unsigned i = 0; i < count; ++i) {
    spend(0);
    const std::string name = name_at(names, bytes.take<std::uint64_t>());
    const auto header = bytes.take<std::uint64_t>();
    const auto kind = bytes.take<std::uint32_t>();
    bytes.skip(20);           // III.C: reserved, scratch space
    if (kind == 2) continue;  // a symbolic link
    add(links, name, header);
  }
}

}  // namespace pool3
