#include "commands/matching/queries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "pool3/corpus.hpp"
#include "pool3/extraction.hpp"
#include "setup/find_weights.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr const char* stage = "neighbours";
constexpr int batch = 16;  // pictures of one call of the network

bool is_number(const std::string& word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

Query row_query(const FeatureReader& reader, const std::string& word) {
  Row row = -1;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), row);
  if (read.ec != std::errc() || row >= reader.rows())
    throw usage_error(fmt::format("there is no row {}: the file has {}", word, reader.rows()),
                      "write ./" + word + " for a file of that name");
  const RowStatus status = reader.status({row, row + 1})[0];
  Query query{.name = reader.paths({row, row + 1})[0], .row = row, .error = {}, .stage = {}, .code = {}};
  if (status == RowStatus::done) return query;
  query.error = "the row has no features";
  query.stage = stage_of(status);
  query.code = to_string(status);
  return query;
}

/// A picture, rather than what holds many.
bool is_one_picture(const std::string& word) {
  std::error_code ignored;
  return !fs::is_directory(word, ignored) && (names_picture(word) || fs::is_regular_file(word, ignored)) &&
         !names_table(word) && word.find(".tar") == std::string::npos;
}

/// All pictures of a source. Collective.
std::vector<std::string> pictures_in(const Communicator& comm, const std::string& source) {
  const Manifest manifest = list_corpus(comm, {.corpus = {source}, .labels = {.kind = LabelRule::Kind::none}});
  Json paths = Json::array();
  for (std::int64_t i = 0; i < manifest.size(); ++i) {
    const std::string path = full_path(manifest.root, manifest.paths[i]);
    paths.push_back(Json::binary({path.begin(), path.end()}));  // names may be no UTF-8
  }
  const auto packed = Json::to_cbor(paths);
  std::string bytes(packed.begin(), packed.end());
  comm.broadcast(bytes);
  std::vector<std::string> pictures;
  for (const Json& path : Json::from_cbor(bytes))
    pictures.emplace_back(path.get_binary().begin(), path.get_binary().end());
  return pictures;
}

/// What the network made of one picture: its features, or why there are none.
struct Extracted {
  std::vector<float> features;
  std::string error, stage, code;
};

Json packed(const Extracted& one) {
  std::vector<std::uint8_t> bytes(one.features.size() * sizeof(float));
  if (!bytes.empty()) std::memcpy(bytes.data(), one.features.data(), bytes.size());
  const std::vector<std::uint8_t> error(one.error.begin(), one.error.end());
  return {Json::binary(bytes), Json::binary(error), one.stage, one.code};
}

Extracted unpacked(const Json& json) {
  const auto& bytes = json.at(0).get_binary();
  Extracted one;
  one.features.resize(bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(one.features.data(), bytes.data(), bytes.size());
  one.error.assign(json.at(1).get_binary().begin(), json.at(1).get_binary().end());
  one.stage = json.at(2).get<std::string>();
  one.code = json.at(3).get<std::string>();
  return one;
}

std::vector<Extracted> extract(const Extractor& extractor, const std::vector<std::string>& paths) {
  std::vector<Extracted> all(paths.size());
  if (paths.empty()) return all;
  const EntryReader entries({}, entry_limits(extractor.setup().recipe.decoding()));
  Extraction extraction = extractor.start({.read = [&](auto path) { return entries.read(path); }});
  const auto width = static_cast<std::size_t>(extractor.width());
  extract_list(extraction, paths, batch, [&](const BlockResult& block) {
    for (const Failure& f : block.failures)
      all[static_cast<std::size_t>(f.row)] = {
          {}, f.message, std::string(stage_of(f.status)), std::string(to_string(f.status))};
    for (std::size_t i = 0; i < block.status.size(); ++i) {
      if (block.status[i] != RowStatus::done) continue;
      const auto row = std::span(block.features).subspan(i * width, width);
      all[static_cast<std::size_t>(block.index) * batch + i].features.assign(row.begin(), row.end());
    }
  });
  return all;
}

/// Every rank computes every P-th picture and gets all. Collective.
std::vector<Extracted> extract_shared(const Context& context, const RowSource& source,
                                      const std::vector<std::string>& paths, const NetworkFlags& network) {
  const Communicator& comm = context.comm;
  const Provenance& made = source.reader().provenance();
  Weights weights;
  comm.all_do([&] { weights = weights_of_features(made, source.path(), network.weights, stage); });
  const ExtractorSetup setup = agree_setup(comm, weights, like_rows_of(made, extractor_options(network, {})));
  if (to_string(setup.recipe.precision) != made.precision)
    context.log.line(stage, fmt::format("the file's features are of {}, which can't be had here: {} is taken",
                                        made.precision, to_string(setup.recipe.precision)));
  Json mine = Json::array();
  comm.all_do([&] {
    std::vector<std::string> some;
    for (auto i = static_cast<std::size_t>(comm.rank()); i < paths.size(); i += static_cast<std::size_t>(comm.size()))
      some.push_back(paths[i]);
    for (const Extracted& one : extract(Extractor(weights, setup), some)) mine.push_back(packed(one));
  });
  const auto cbor = Json::to_cbor(mine);
  Json all = Json::array();
  for (const std::string& part : comm.gather({cbor.begin(), cbor.end()})) all.push_back(Json::from_cbor(part));
  const auto gathered = Json::to_cbor(all);
  std::string bytes(gathered.begin(), gathered.end());
  comm.broadcast(bytes);
  all = Json::from_cbor(bytes);
  std::vector<Extracted> found;
  for (std::size_t i = 0; i < paths.size(); ++i) found.push_back(unpacked(all[i % all.size()][i / all.size()]));
  return found;
}

}  // namespace

std::vector<Query> parse_queries(const Context& context, const FeatureReader& reader,
                                 const std::vector<std::string>& words) {
  std::vector<Query> list;
  const auto add_picture = [&](const std::string& path) {
    list.push_back({.name = path, .row = -1, .error = {}, .stage = {}, .code = {}});
  };
  for (const std::string& word : words) {
    if (is_number(word)) {
      context.comm.all_do([&] { list.push_back(row_query(reader, word)); });
      continue;
    }
    std::int64_t single = 0;
    context.comm.root_does([&] { single = is_one_picture(word) ? 1 : 0; });
    if (context.comm.sum(single) > 0) {
      add_picture(word);
    } else {
      for (const std::string& path : pictures_in(context.comm, word)) add_picture(path);
    }
  }
  return list;
}

Queries load_queries(const Context& context, const RowSource& source, std::vector<Query> list,
                     const NetworkFlags& network) {
  std::vector<std::string> paths;
  for (const Query& query : list)
    if (query.row < 0) paths.push_back(query.name);
  const auto extracted = paths.empty() ? std::vector<Extracted>() : extract_shared(context, source, paths, network);
  Queries queries{.list = std::move(list), .asked = {}, .features = {}};
  context.comm.all_do([&] {
    std::size_t picture = 0;
    for (std::size_t i = 0; i < queries.list.size(); ++i) {
      Query& query = queries.list[i];
      std::vector<float> features;
      if (query.row >= 0) {
        if (query.error.empty()) features = source.row(query.row);
      } else {
        const Extracted& one = extracted[picture++];
        query.error = one.error;
        query.stage = one.stage;
        query.code = one.code;
        if (one.error.empty()) features = source.of_features(one.features);
      }
      if (!query.error.empty()) continue;
      queries.asked.push_back(i);
      queries.features.insert(queries.features.end(), features.begin(), features.end());
    }
  });
  return queries;
}

}  // namespace pool3::jobs
