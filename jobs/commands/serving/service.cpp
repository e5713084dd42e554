#include "commands/serving/service.hpp"

#include <algorithm>

#include "commands/serving/assets.hpp"
#include "commands/serving/verdict_json.hpp"
#include "pool3/image.hpp"
#include "pool3/text.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::int64_t most_top = 100, usual_top = 12;
constexpr std::int64_t usual_side = 192, least_side = 16, most_side = 640;  // of a thumbnail
constexpr int thumbnail_quality = 85;
constexpr std::size_t most_thumbnails = 256, most_questions = 256, questions_together = 16;
constexpr const char* csp =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

HttpResponse json_response(const Json& json, int status = 200) {
  return {.status = status, .body = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}
HttpResponse refusal(int status, const std::string& message) {
  HttpResponse response = json_response({{"error", utf8_text(message)}}, status);
  if (status == 503) response.headers.emplace_back("Retry-After", "2");
  return response;
}
HttpResponse asset(std::string_view bytes, const char* type) {
  return {.type = type,
          .body = std::string(bytes),
          .headers = {{"Content-Security-Policy", csp}, {"Cache-Control", "no-cache"}}};
}

/// The whole number that ends a path, or -1.
std::int64_t number_after(const std::string& path, const std::string& prefix) {
  return parse_number<std::int64_t>(std::string_view(path).substr(prefix.size())).value_or(-1);
}

/// A whole number in the query, `usual` if it is not there, or 0 for what is no good one.
std::int64_t number_of(const HttpRequest& request, const std::string& name, std::int64_t usual, std::int64_t least,
                       std::int64_t most) {
  const std::string text = request.parameter(name);
  if (text.empty()) return usual;
  const std::int64_t number = number_after(text, "");
  return number >= least && number <= most ? number : 0;
}
std::int64_t top_of(const HttpRequest& request) { return number_of(request, "top", usual_top, 1, most_top); }

HttpResponse thumbnail_response(const Snapshot& snapshot, Row row, std::int64_t side) {
  try {
    const std::string& path = snapshot.paths[static_cast<std::size_t>(row)];
    const Image picture =
        decode(snapshot.pictures.read(path), {.max_pixels = snapshot.max_pixels, .shortest_side = side});
    return {.type = "image/jpeg",
            .body = encode_jpeg(thumbnail(picture, side), thumbnail_quality),
            .headers = {{"Cache-Control", "private, max-age=600"}}};
  } catch (const ReadError& error) {
    return refusal(404, error.what());
  } catch (const ImageError& error) {
    return refusal(404, error.what());
  }
}

/// A form with a file in it, as `curl -F` and many libraries send one.
bool is_form(std::string_view body) {
  return body.starts_with("--") && body.substr(0, 1024).find("form-data") != std::string_view::npos;
}

/// The name under which a path is counted.
std::string route_of(const std::string& path) {
  for (const char* const name : {"/", "/style.css", "/app.js", "/icon.svg", "/openapi.json", "/healthz", "/metrics",
                                 "/report", "/api/info", "/api/classify", "/api/wrong"})
    if (path == name) return name;
  for (const char* const prefix : {"/api/rows/", "/thumbnails/"})
    if (path.starts_with(prefix)) return prefix;
  return "other";
}

}  // namespace

Service::Service(std::shared_ptr<const Snapshot> snapshot, Corrections& corrections, std::int64_t body_bytes)
    : snapshot_(std::move(snapshot)),
      corrections_(corrections),
      body_bytes_(body_bytes),
      pictures_(most_thumbnails, 1,
                [](const std::vector<Work>& some) {
                  for (const Work& work : some) try {
                      work.reply(work.make());
                    } catch (const std::exception& error) {
                      work.reply(refusal(500, error.what()));
                    }
                }),
      questions_(most_questions, questions_together, [](std::vector<Question> some) { answer(std::move(some)); }) {}

void Service::take_over(std::shared_ptr<const Snapshot> snapshot) {
  {
    const std::lock_guard lock(mutex_);
    snapshot_.swap(snapshot);
  }
  older_.push_back(std::move(snapshot));
  ++reloads_;
}

void Service::let_go() {
  std::erase_if(older_, [](const auto& snapshot) { return snapshot.use_count() == 1; });
}

Service::~Service() {
  {
    const std::lock_guard lock(mutex_);
    older_.push_back(std::move(snapshot_));
  }
  while (true) {
    let_go();
    if (older_.empty()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::shared_ptr<const Snapshot> Service::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

HttpServer::Reply Service::counted(const std::string& route, HttpServer::Reply reply) {
  return [this, route, begin = Clock::now(), reply = std::move(reply)](HttpResponse response) {
    telemetry_.count(route, response.status, std::chrono::duration<double>(Clock::now() - begin).count());
    reply(std::move(response));
  };
}

void Service::handle(HttpRequest request, HttpServer::Reply reply) {
  const HttpServer::Reply counting = counted(route_of(request.path), std::move(reply));
  try {
    route(std::move(request), counting);
  } catch (const std::exception& error) {
    counting(refusal(500, error.what()));
  }
}

void Service::route(HttpRequest request, const HttpServer::Reply& reply) {
  const std::string path = request.path;
  const bool posts = path == "/api/classify" || path == "/api/wrong";
  if (route_of(path) == "other") return reply(refusal(404, "there is no such page"));
  if (posts != (request.method == "POST")) {
    HttpResponse no = refusal(405, posts ? "post a picture" : "this is only to be read");
    no.headers.emplace_back("Allow", posts ? "POST" : "GET, HEAD");
    return reply(std::move(no));
  }
  if (path == "/api/classify") return classify(std::move(request), reply);
  if (path == "/api/wrong") return correct(std::move(request), reply);
  if (path.starts_with("/api/rows/")) return ask_row(request, reply);
  if (path.starts_with("/thumbnails/")) return show_thumbnail(request, reply);
  if (path == "/") return reply(asset(page_html(), "text/html; charset=utf-8"));
  if (path == "/style.css") return reply(asset(page_css(), "text/css; charset=utf-8"));
  if (path == "/app.js") return reply(asset(page_js(), "text/javascript; charset=utf-8"));
  if (path == "/icon.svg") return reply(asset(page_icon(), "image/svg+xml"));
  if (path == "/openapi.json") return reply(asset(openapi_json(), "application/json"));
  if (path == "/api/info") return reply(info());
  if (path == "/metrics") return reply(metrics());
  if (path == "/healthz") return reply({.type = "text/plain", .body = "ok\n"});
  const auto now = snapshot();
  if (now->report.empty()) return reply(refusal(404, "there is no report; see --report"));
  reply({.type = "text/html; charset=utf-8", .body = now->report});  // it has its own content policy
}

void Service::classify(HttpRequest request, const HttpServer::Reply& reply) {
  const std::int64_t top = top_of(request);
  if (top == 0) return reply(refusal(400, "top must be between 1 and 100"));
  if (request.body.empty()) return reply(refusal(400, "send a picture as the body"));
  if (is_form(request.body))
    return reply(refusal(415, "send the picture itself as the body and no form: curl --data-binary @FILE"));
  const auto now = snapshot();
  const auto seen = [this, now, top, reply](Seen picture) {
    if (picture.code == "late") return reply(refusal(503, picture.error));
    if (!picture.error.empty()) {
      const bool too_large = picture.code == "too_large";
      HttpResponse no =
          json_response({{"error", utf8_text(picture.error)}, {"stage", picture.stage}, {"code", picture.code}},
                        too_large                                              ? 413
                        : picture.stage == "decode" || picture.stage == "read" ? 422
                                                                               : 500);
      return reply(std::move(no));
    }
    if (!questions_.give({now, std::move(picture.features), -1, top, reply}))
      reply(refusal(503, "too many questions at once"));
  };
  if (!now->engine->submit(std::move(request.body), seen))
    reply(refusal(503, "too many pictures wait for an answer in time"));
}

void Service::ask_row(const HttpRequest& request, const HttpServer::Reply& reply) {
  const std::int64_t top = top_of(request);
  if (top == 0) return reply(refusal(400, "top must be between 1 and 100"));
  const auto now = snapshot();
  const Row row = number_after(request.path, "/api/rows/");
  if (row < 0 || row >= now->reader.rows()) return reply(refusal(404, "there is no such row"));
  if (now->rows.same_picture(row).empty()) return reply(refusal(404, "the row has no features"));
  if (!questions_.give({now, now->row(row), row, top, reply})) reply(refusal(503, "too many questions at once"));
}

void Service::show_thumbnail(const HttpRequest& request, const HttpServer::Reply& reply) {
  const auto now = snapshot();
  const Row row = number_after(request.path, "/thumbnails/");
  if (row < 0 || row >= now->reader.rows()) return reply(refusal(404, "there is no such row"));
  const std::int64_t side = number_of(request, "side", usual_side, least_side, most_side);
  if (side == 0) return reply(refusal(400, "side must be between 16 and 640"));
  const auto make = [now, row, side] { return thumbnail_response(*now, row, side); };
  if (!pictures_.give({make, reply})) reply(refusal(503, "too many pictures at once"));
}

void Service::correct(HttpRequest request, const HttpServer::Reply& reply) {
  if (!request.from_own_page) return reply(refusal(403, "corrections need the header X-Pool3"));
  if (!corrections_.wanted()) return reply(refusal(404, "this server keeps no corrections; see --corrections"));
  const auto make = [this, picture = std::make_shared<HttpRequest>(std::move(request))] {
    const std::string problem =
        corrections_.keep({std::move(picture->body), picture->parameter("label"), picture->parameter("predicted")});
    return problem.empty() ? json_response({{"kept", true}}) : refusal(422, problem);
  };
  if (!pictures_.give({make, reply})) reply(refusal(503, "too many pictures at once"));
}

/// Those of one snapshot go over its rows together.
void Service::answer(std::vector<Question> questions) {
  while (!questions.empty()) {
    const auto now = questions.front().snapshot;
    const auto others =
        std::stable_partition(questions.begin(), questions.end(), [&](const Question& q) { return q.snapshot == now; });
    std::vector<Question> rest(std::make_move_iterator(others), std::make_move_iterator(questions.end()));
    questions.erase(others, questions.end());
    std::vector<HttpResponse> responses;
    try {
      std::vector<float> queries;
      std::int64_t top = 1;
      for (const Question& q : questions) {
        queries.insert(queries.end(), q.features.begin(), q.features.end());
        top = std::max(top, q.top + 1);
      }
      const NeighbourTable table = now->search(queries, top);
      for (std::size_t i = 0; i < questions.size(); ++i) {
        const Question& q = questions[i];
        responses.push_back(
            json_response(describe(*now, q.features, table.of(static_cast<std::int64_t>(i)), q.row, q.top)));
      }
    } catch (const std::exception& error) {
      responses.assign(questions.size(), refusal(500, error.what()));
    }
    for (std::size_t i = 0; i < questions.size(); ++i) questions[i].reply(std::move(responses[i]));
    questions = std::move(rest);
  }
}

HttpResponse Service::info() const {
  const auto now = snapshot();
  Json classes = Json::array();
  for (const std::string& name : now->model.classes) classes.push_back(utf8_text(name));
  return json_response({{"version", version},
                        {"rows", now->reader.rows()},
                        {"pictures", now->rows.pictures()},
                        {"classes", std::move(classes)},
                        {"training_rows", now->model.training_rows},
                        {"precision", now->model.features.precision},
                        {"weights_sha256", now->model.features.weights_sha256},
                        {"corrections", corrections_.wanted()},
                        {"most_bytes", body_bytes_},
                        {"report", !now->report.empty()}});
}

HttpResponse Service::metrics() const {
  const auto now = snapshot();
  return {.type = "text/plain; version=0.0.4; charset=utf-8",
          .body = telemetry_.text({.server = server_counts_ ? server_counts_() : ServerCounts{},
                                   .waiting = now->engine->waiting(),
                                   .rows = now->reader.rows(),
                                   .reloads = reloads_,
                                   .failed_reloads = failed_reloads_})};
}

}  // namespace pool3::jobs
