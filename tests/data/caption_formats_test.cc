#include <doctest/doctest.h>

#include "data/caption_json_formats.h"
#include "data/caption_text_formats.h"
#include "io/h5_fixtures.h"

namespace fovea::data {
namespace {

using test::error_of;
using Texts = std::vector<std::string>;

template <typename Parse>
std::string message_of(Parse&& parse) {
  const Error error = error_of([&] {
    CaptionCollector to;
    parse(to);
  });
  CHECK(error.kind() == ErrorKind::kData);
  return error.what();
}

TEST_CASE("caption formats: Flickr tokens by number, lists, and what is left out") {
  CaptionCollector to;
  parse_flickr_tokens(
      "\xef\xbb\xbf"
      "b.jpg#1\ttwo .\r\nb.jpg#0\tone\n\na.jpg#0\t  \na.jpg#1\tcaf\u00e9 \U0001f436\nb.jpg#1\tagain\n",
      "t", to);
  REQUIRE(to.images().size() == 2);
  CHECK(to.images()[0].captions == Texts{"one", "two ."});
  CHECK(to.images()[1].captions == Texts{"caf\u00e9 \U0001f436"});
  CHECK(to.empty == 1);
  CHECK(to.first_empty == "t:4");
  CHECK(to.repeated == 1);
  CHECK(parse_flickr_list("b.jpg\nc.jpg\n", "l", "train", to) == Texts{"c.jpg"});
  CHECK(to.images()[0].split == "train");
  CHECK(message_of([](auto& c) {
          parse_flickr_tokens("a.jpg#0\tx\nno tab here\n", "t", c);
        }).starts_with("t:2: expected IMAGE#NUMBER, a tab"));
  CHECK(message_of([](auto& c) { parse_flickr_tokens("a.jpg\tx\n", "t", c); }).starts_with("t:1: "));
  CHECK(message_of([](auto& c) { parse_flickr_tokens("a.jpg#0\tbad \xff\n", "t", c); }) ==
        "t:1: expected a caption in UTF-8, found 'bad \\xff'");
  CHECK(message_of([](auto& c) { parse_flickr_tokens("../a.jpg#0\tx\n", "t", c); }).find("without '..'") !=
        std::string::npos);
  CHECK(message_of([](auto& c) {
          parse_flickr_tokens("a.jpg#0\tx\n", "t", c);
          parse_flickr_list("a.jpg\na.jpg\n", "l", "test", c);
        }).starts_with("l:2: expected each image in one list, once"));
}

TEST_CASE("caption formats: a caption of a megabyte is left out, or an error with strict") {
  const std::string text = "a.jpg#0\t" + std::string(1 << 20, 'x') + "\na.jpg#1\tok\n";
  CaptionCollector to;
  parse_flickr_tokens(text, "t", to);
  CHECK(to.too_long == 1);
  CHECK(to.images()[0].captions == Texts{"ok"});
  CaptionCollector strict({4096, true});
  const Error error = error_of([&] { parse_flickr_tokens(text, "t", strict); });
  CHECK(std::string(error.what()) == "t:1: expected a caption of at most 4096 bytes, found 1048576");
}

TEST_CASE("caption formats: TSV with and without splits goes and comes back") {
  CaptionCollector to;
  parse_caption_tsv("#image\tcaption\tsplit\nb\tone\ttrain\nb\ttwo\ttrain\na\tthree \\ four\ttest\n", "t", to);
  CHECK(to.images()[0].captions == Texts{"one", "two"});
  CHECK(to.images()[1].split == "test");
  CHECK(caption_tsv_text(to.images()) ==
        "#image\tcaption\tsplit\nb\tone\ttrain\nb\ttwo\ttrain\na\tthree \\ four\ttest\n");
  CHECK(message_of([](auto& c) { parse_caption_tsv("a\tx\ttrain\na\ty\ttest\n", "t", c); }).starts_with("t:2: "));
  CHECK(message_of([](auto& c) { parse_caption_tsv("a\tx\ttrain\tz\n", "t", c); }).starts_with("t:1: "));
  CHECK(message_of([](auto& c) { parse_caption_tsv("nothing\n", "t", c); }).starts_with("t:1: "));
}

constexpr const char* kKarpathy = R"({"dataset":"coco","images":[
{"filepath":"val2014","filename":"x.jpg","cocoid":391895,"imgid":0,"split":"restval","sentids":[1],
 "sentences":[{"tokens":["a","dog"],"raw":"A dog.","imgid":0,"sentid":1}]},
{"filename":"y.jpg","imgid":1,"split":"test","sentences":[{"tokens":["b"],"raw":"B\nc!","sentid":2},{"tokens":[],"raw":""}]}]})";

TEST_CASE("caption formats: Karpathy's splits, texts and ids") {
  CaptionCollector skip, train;
  parse_karpathy(kKarpathy, "k", {}, skip);
  CHECK(skip.images().size() == 1);
  CHECK(skip.skipped_images == 1);
  CHECK(skip.images()[0].captions == Texts{"B c!"});
  CHECK(skip.empty == 1);
  CHECK(skip.first_empty == "k: images[1]: sentences[1]");
  parse_karpathy(kKarpathy, "k", {true, true}, train);
  CHECK(train.images()[0].id == "391895");
  CHECK(train.images()[0].path == "val2014/x.jpg");
  CHECK(train.images()[0].split == "train");
  CHECK(train.images()[0].captions == Texts{"a dog"});
  CaptionCollector back;
  parse_karpathy(karpathy_text(train.images(), {391895, 2}, "f"), "k", {}, back);
  CHECK(back.images()[0].captions == Texts{"a dog"});
  CHECK(back.images()[0].id == "391895");
  CHECK(back.images()[1].split == "test");
  const auto fails = [](const char* text) { return message_of([&](auto& c) { parse_karpathy(text, "k", {}, c); }); };
  CHECK(fails("[]") == "k: expected an object, found a list");
  CHECK(fails("{\"image\":[]}") == "k: expected a list 'images', found none");
  CHECK(fails("{\"images\":[3]}") == "k: images[0]: expected an object, found number");
  CHECK(fails("{\"images\":[{\"filename\":\"a\",\"split\":\"train\"}]}").starts_with("k: images[0]: sentences"));
  CHECK(fails("{\"images\":[{\"filename\":\"/etc/a\",\"split\":\"train\",\"sentences\":[]}]}").find("relative") !=
        std::string::npos);
  CHECK(
      fails(
          R"({"images":[{"filename":"a","split":"train","sentences":[{"raw":"x","sentid":1},{"raw":"y","sentid":1}]}]})")
          .find("sentid: expected different ids") != std::string::npos);
}

TEST_CASE("caption formats: COCO keeps the first captions by id, in any order of the lists") {
  CaptionCollector to;
  parse_coco_captions(R"({"annotations":[{"id":9,"image_id":1,"caption":"c"},{"id":2,"image_id":1,"caption":"a"},
    {"id":5,"image_id":1,"caption":"b"}],"images":[{"id":1,"file_name":"x.jpg"},{"id":2}]})",
                      "c", "val", 2, to);
  CHECK(to.images()[0].captions == Texts{"a", "b"});
  CHECK(to.images()[0].split == "val");
  CHECK(to.images()[1].captions.empty());
  CaptionCollector back;
  parse_coco_captions(coco_captions_text(to.images(), {1, 2}), "c", "", 0, back);
  CHECK(back.images()[0].captions == Texts{"a", "b"});
  CHECK(back.images()[0].path == "x.jpg");
  const auto fails = [](const std::string& text) {
    return message_of([&](auto& c) { parse_coco_captions(text, "c", "", 0, c); });
  };
  const std::string images = R"({"images":[{"id":1}],"annotations":[)";
  CHECK(fails(images + R"({"id":1,"image_id":7,"caption":"x"}]})").find("the id of an image, found 7") !=
        std::string::npos);
  CHECK(fails(images + R"({"id":1,"image_id":1,"caption":"x"},{"id":1,"image_id":1,"caption":"y"}]})")
            .find("different ids") != std::string::npos);
  CHECK(fails(images + "{\"id\":1,\"image_id\":1,\"caption\":\"\\ud800 x\"}]}").starts_with("c:1:"));
  CHECK(fails(images + "{\"id\":1,\"image_id\":1,\"caption\":\"\xff\"}]}").find("UTF-8") != std::string::npos);
  CHECK(fails(images).starts_with("c:1:"));
  CHECK(fails(R"({"images":[{"id":1},{"id":1}],"annotations":[]})").find("different ids") != std::string::npos);
  CHECK(fails(std::string(200, '[')).find("expected an object") != std::string::npos);
}

TEST_CASE("caption formats: result lists go and come back; an image twice is an error") {
  const auto results =
      parse_caption_results(R"([{"image_id":5,"caption":" a\ndog "},{"image_id":"x","caption":""}])", "r");
  REQUIRE(results.size() == 2);
  CHECK(results[0].image_id == "5");
  CHECK(results[0].caption == "a dog");
  CHECK(caption_results_text(results, {5, 6}) ==
        "[\n{\"caption\":\"a dog\",\"image_id\":5},\n{\"caption\":\"\",\"image_id\":6}\n]\n");
  const Error error =
      error_of([] { parse_caption_results(R"([{"image_id":5,"caption":"a"},{"image_id":5,"caption":"b"}])", "r"); });
  CHECK(std::string(error.what()).starts_with("r: [1]: expected one caption for each image"));
}

}  // namespace
}  // namespace fovea::data
