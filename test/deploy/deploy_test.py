"""What deploy/ tells nodes must be what nodes take: flags, keys, variables, ports, names. Docker and Kubernetes do not run here."""
import os
import re
import subprocess
import unittest

import yaml

SOURCE = os.environ["FOLDLOG_SOURCE"]
COMPOSE = os.path.join(SOURCE, "deploy", "compose", "compose.yaml")
KUBERNETES = os.path.join(SOURCE, "deploy", "kubernetes", "foldlog.yaml")
TOML_LINE = re.compile(r'^(\w+) *=', re.M)


def flags():
    said = subprocess.run([os.environ["FOLDLOG"], "serve", "--help"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return set(re.findall(r"^ +(--[a-z-]+)", said, re.M))


def read(path):
    with open(path, encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def values(words):
    """{flag: value} of a command line."""
    return {words[at]: words[at + 1] for at in range(1, len(words), 2)}


class Deploy(unittest.TestCase):
    def must_be_a_node(self, words):
        self.assertEqual(words[0], "serve")
        self.assertEqual(len(words) % 2, 1, words)
        self.assertEqual(set(values(words)) - flags(), set(), words)
        return values(words)

    def test_compose_names_what_there_is(self):
        file = read(COMPOSE)[0]
        nodes = {name: one for name, one in file["services"].items() if not name.startswith("kafka")}
        roles = [values(one["command"])["--roles"] for one in nodes.values()]
        self.assertEqual({role: roles.count(role) for role in roles}, {"command": 3, "query": 2, "front": 1})
        for name, one in nodes.items():
            told = self.must_be_a_node(one["command"])
            self.assertEqual((told["--node"], told["--advertise"]), (name, f"{name}:8080"))
            self.assertTrue(name.startswith(told["--roles"]))
            self.assertEqual({"--" + key[len("FOLDLOG_"):].lower().replace("_", "-") for key in one["environment"]} - flags(), set())
            self.assertEqual(one["environment"]["FOLDLOG_HTTP"].rsplit(":", 1)[1], "8080")
            brokers = re.findall(r"([a-z0-9-]+):9092", one["environment"]["FOLDLOG_LOG"])
            self.assertEqual(set(brokers), {each for each in file["services"] if each.startswith("kafka")})
            self.assertEqual(set(one["depends_on"]), set(brokers))
            self.assertTrue(os.path.isfile(os.path.join(os.path.dirname(COMPOSE), one["build"]["context"], one["build"]["dockerfile"])))
        used = {each.split(":")[0] for one in file["services"].values() for each in one["volumes"]}
        self.assertEqual(used, set(file["volumes"]))

    def test_compose_brokers_know_each_other(self):
        brokers = {name: one for name, one in read(COMPOSE)[0]["services"].items() if name.startswith("kafka")}
        for name, one in brokers.items():
            of = one["environment"]
            voters = dict(each.split("@") for each in of["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(","))
            self.assertEqual(voters[str(of["KAFKA_NODE_ID"])], f"{name}:9093")
            self.assertEqual(of["KAFKA_ADVERTISED_LISTENERS"], f"PLAINTEXT://{name}:9092")
            self.assertEqual((of["KAFKA_MIN_INSYNC_REPLICAS"], of["KAFKA_DEFAULT_REPLICATION_FACTOR"]), (2, len(brokers)))

    def test_kubernetes_names_what_there_is(self):
        documents = read(KUBERNETES)
        kinds = [each["kind"] for each in documents]
        self.assertEqual({kind: kinds.count(kind) for kind in ("StatefulSet", "Deployment", "PodDisruptionBudget")},
                         {"StatefulSet": 2, "Deployment": 1, "PodDisruptionBudget": 3})
        file = next(each for each in documents if each["kind"] == "ConfigMap")["data"]["foldlog.toml"]
        self.assertEqual({"--" + key.replace("_", "-") for key in TOML_LINE.findall(file)} - flags(), set())
        drain = int(re.search(r'drain_timeout = "(\d+)s"', file).group(1))
        for one in documents:
            if one["kind"] not in ("StatefulSet", "Deployment"):
                continue
            pod = one["spec"]["template"]
            container = pod["spec"]["containers"][0]
            told = self.must_be_a_node(container["args"])
            self.assertEqual(told["--roles"], pod["metadata"]["labels"]["role"])
            ports = {each["name"]: each["containerPort"] for each in container["ports"]}
            self.assertEqual(set(re.findall(r'^(?:http|admin) = "[\d.]+:(\d+)"', file, re.M)), {str(port) for port in ports.values()})
            self.assertTrue(told["--advertise"].endswith(f":{ports['http']}"))
            self.assertEqual((container["readinessProbe"]["httpGet"]["path"], container["livenessProbe"]["httpGet"]["path"]), ("/readyz", "/livez"))
            self.assertGreater(pod["spec"]["terminationGracePeriodSeconds"], drain)
            mounted = {each["name"] for each in container["volumeMounts"]}
            claimed = {each["metadata"]["name"] for each in one["spec"].get("volumeClaimTemplates", [])}
            self.assertEqual(mounted, claimed | {each["name"] for each in pod["spec"]["volumes"]})

    def test_the_image_has_what_the_program_runs_on(self):
        with open(os.path.join(SOURCE, "deploy", "Dockerfile"), encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(SOURCE, "tools", "install_packages"), encoding="utf-8") as file:
            wanted = re.findall(r"^(lib(?:rdkafka|rocksdb|simdjson|fmt|spdlog|jemalloc|re2|tomlplusplus))-dev\|", file.read(), re.M)
        self.assertEqual(len(wanted), 8)
        for library in wanted:
            self.assertRegex(text, rf"\b{library}[\d.-]+\b")
        self.assertIn("tools/install_packages build", text)


if __name__ == "__main__":
    unittest.main()
