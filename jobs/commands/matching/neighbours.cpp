// The neighbours job: pictures or rows -> the catalogue's pictures that are most like them, JSON lines on stdout.

#include "pool3/neighbours.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "commands/matching/catalogue_rows.hpp"
#include "commands/matching/contact_sheet.hpp"
#include "commands/matching/file_search.hpp"
#include "commands/matching/indexed_search.hpp"
#include "commands/matching/queries.hpp"
#include "commands/matching/row_source.hpp"
#include "console/output.hpp"
#include "pool3/files.hpp"
#include "pool3/store/model.hpp"

namespace pool3::jobs {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* stage = "neighbours";
constexpr std::int64_t most_top = 1000;
constexpr std::int64_t most_sheet_lines = 200;

class NeighboursCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", features_path_, "feature file: the catalogue that is searched");
    p.reads("features");
    p.add("top", top_, "pictures to find for each query", std::int64_t{12});
    p.add("metric", metric_,
          "cosine: 1 - cos of the features; euclidean: their distance; svm: the distance of the margins that --model "
          "gives them",
          std::string("cosine"));
    p.add("model", model_path_, "model file, for --metric svm and for its split", std::string());
    p.reads("model");
    p.add("class", filter_.class_name, "look among the pictures of this class alone", std::string());
    p.add("split", side_,
          "look among the training or the held-out rows alone: those of --model, or else of a split by "
          "key with the usual seed and share",
          std::string());
    p.add_switch("all", all_, "ask for every picture of the catalogue that is looked at; then there are no arguments");
    p.add("index", index_path_,
          "index of the feature file, made if it is not there: a question then reads a few bytes of each picture, and "
          "the answers are the same",
          std::string(), Changes::nothing);
    p.writes("index");
    p.add("sheet", sheet_, "PNG file to make: the pictures, a line a query", std::string(), Changes::file);
    p.writes("sheet");
    p.add("weights", network_.weights, "the weights that the features were made with", std::string());
    p.reads("weights", ReadPath::Form::weights);
    declare_device(p, network_.device);
    p.add("threads", network_.threads, "threads per rank; 0: its share of the cores", 0, Changes::nothing);
    p.take_optional_arguments("QUERY", words_,
                              "a picture file, a folder, table or tar file of pictures, or a row of the feature file");
  }

  void check() const override {
    static_cast<void>(extractor_options(network_, {}));
    if (top_ < 1 || top_ > most_top) throw usage_error(fmt::format("--top must be between 1 and {}", most_top));
    if (metric_ != "cosine" && metric_ != "euclidean" && metric_ != "svm")
      throw usage_error("--metric must be cosine, euclidean or svm");
    if (metric_ == "svm" && model_path_.empty()) throw usage_error("--metric svm needs --model");
    if (!side_.empty() && side_ != "training" && side_ != "held-out")
      throw usage_error("--split must be training or held-out");
    if (!index_path_.empty() && (all_ || metric_ == "svm"))
      throw usage_error(all_ ? "--index is not for --all" : "--index is for the metrics cosine and euclidean");
    if (all_ != words_.empty())
      throw usage_error(all_ ? "--all asks for every row: give no others" : "say what to look for",
                        "pictures, folders, numbers of rows, or --all");
    if (all_ && !sheet_.empty()) throw usage_error("--sheet is not for --all", "name the rows to show");
  }

  ExitCode run(const Context& context) override {
    const Communicator& comm = context.comm;
    std::optional<FeatureReader> reader;
    std::optional<Model> model;
    std::optional<CatalogueRows> rows;
    comm.all_do([&] {
      if (comm.is_root() && !sheet_.empty()) check_output({stage, sheet_});
      reader.emplace(features_path_);
      if (!model_path_.empty()) model = read_model(model_path_);
      if (!side_.empty()) filter_.side = side_ == "training" ? Side::training : Side::test;
      if (model) filter_.split = split_of(*model, model_path_, *reader);
      rows.emplace(*reader, filter_);
      if (rows->pictures() == 0)
        throw Error({.stage = stage,
                     .path = features_path_,
                     .cause = "no picture of the file is looked at",
                     .advice = "see pool3 inspect; --class and --split leave some out"});
    });
    threads_ = thread_count(comm, network_.threads);
    std::optional<RowSource> source;
    comm.all_do(
        [&] { source.emplace(*reader, features_path_, metric_ == "svm" ? &*model : nullptr, model_path_, threads_); });
    return all_ ? ask_all(context, *source, *rows) : ask(context, *source, *rows);
  }

 private:
  [[nodiscard]] NearestOptions options() const {
    return {.top = top_ + 1,  // the query itself may be among them
            .metric = metric_ == "cosine" ? Metric::cosine : Metric::euclidean,
            .threads = threads_};
  }

  ExitCode ask(const Context& context, const RowSource& source, const CatalogueRows& rows) {
    const Communicator& comm = context.comm;
    const Queries queries = load_queries(context, source, parse_queries(context, source.reader(), words_), network_);
    if (!sheet_.empty() && std::ssize(queries.list) > most_sheet_lines)
      throw Error(
          usage_error(fmt::format("--sheet shows up to {} queries, not {}", most_sheet_lines, queries.list.size()))
              .fields(),
          true);
    const NeighbourTable table = search(context, source, rows, queries);
    comm.root_does([&] {
      std::vector<SheetLine> sheet;
      std::size_t asked = 0;
      for (const Query& query : queries.list) {
        std::vector<Answer> answers;
        if (query.error.empty())
          answers = answers_of(table.of(static_cast<std::int64_t>(asked++)), rows, query.row, top_);
        print(source.reader(), query, answers);
        if (!sheet_.empty()) sheet.push_back({query, std::move(answers)});
      }
      if (!sheet_.empty()) write_whole_file({stage, sheet_}, draw_sheet(source.reader(), sheet));
    });
    return queries.asked.size() == queries.list.size() ? ExitCode::ok : ExitCode::some_failed;
  }

  [[nodiscard]] NeighbourTable search(const Context& context, const RowSource& source, const CatalogueRows& rows,
                                      const Queries& queries) const {
    if (!index_path_.empty()) {
      const NeighbourIndex index = open_index(context, source, index_path_, threads_);
      if (std::ssize(queries.asked) <= most_indexed_queries)
        return search_index(context.comm, source, rows, index, queries.features, options());
    }
    return search_file(context.comm, source, rows, queries.features, options());
  }

  ExitCode ask_all(const Context& context, const RowSource& source, const CatalogueRows& rows) {
    const std::vector<Row> asked = rows.first_rows();
    search_all(context.comm, source, rows, options(), [&](std::int64_t first, const NeighbourTable& table) {
      context.comm.root_does([&] { print_all(source.reader(), rows, asked, first, table); });
    });
    return ExitCode::ok;
  }

  /// Answers for asked[first], asked[first + 1], ...
  void print_all(const FeatureReader& reader, const CatalogueRows& rows, const std::vector<Row>& asked,
                 std::int64_t first, const NeighbourTable& table) {
    for (std::int64_t i = 0; i < table.queries(); ++i) {
      const Row row = asked[static_cast<std::size_t>(first + i)];
      std::vector<Neighbour> found(table.of(i).begin(), table.of(i).end());
      for (Neighbour& neighbour : found) neighbour.row = asked[static_cast<std::size_t>(neighbour.row)];
      print(reader, {.name = reader.paths({row, row + 1})[0], .row = row, .error = {}, .stage = {}, .code = {}},
            answers_of(found, rows, row, top_));
    }
  }

  /// Path and label of a row, read once.
  struct Named {  // NOLINT(bugprone-exception-escape): of a move, the JSON's is none
    std::string path;
    Json label;
  };
  const Named& named(const FeatureReader& reader, Row row) {
    const auto [at, is_new] = named_.try_emplace(row);
    if (is_new) {
      const std::int32_t label = reader.labels({row, row + 1})[0];
      at->second = {utf8_text(reader.paths({row, row + 1})[0]),
                    label < 0 ? Json() : Json(utf8_text(reader.classes()[static_cast<std::size_t>(label)]))};
    }
    return at->second;
  }

  void print(const FeatureReader& reader, const Query& query, const std::vector<Answer>& answers) {
    Json line = {{"query", utf8_text(query.name)}};
    if (query.row >= 0) line["query_row"] = query.row;
    if (!query.error.empty()) {
      line["error"] = utf8_text(query.error);
      line["stage"] = query.stage;
      line["code"] = query.code;
      print_json(line);
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const Answer& answer = answers[i];
      const Named& found = named(reader, answer.row);
      line["rank"] = i + 1;
      line["row"] = answer.row;
      line["path"] = found.path;
      line["label"] = found.label;
      line["distance"] = answer.distance;
      line["copies"] = answer.copies;
      print_json(line);
    }
  }

  std::string features_path_, metric_, model_path_, side_, index_path_, sheet_;
  std::int64_t top_ = 0;
  bool all_ = false;
  int threads_ = 1;
  RowFilter filter_;
  NetworkFlags network_ = {.batch = 16};
  std::vector<std::string> words_;
  std::map<Row, Named> named_;
};

}  // namespace

std::unique_ptr<Command> make_neighbours() { return std::make_unique<NeighboursCommand>(); }

}  // namespace pool3::jobs
