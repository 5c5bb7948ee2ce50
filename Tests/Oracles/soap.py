"""Holds requests of the vSphere API against the type tables that pyvmomi ships: what a vCenter, which reads them by its schema
(xsd:sequence), would refuse. The simulator takes elements in any order, and unknown ones too.

Reads a JSON object a line, {"body": ENVELOPE, "action": SOAPACTION}, and writes a list of problems a line.
"""

import base64
import binascii
import io
import json
import re
import sys
from xml.etree import ElementTree

from pyVmomi import VmomiSupport as tables
from pyVmomi import vim, vmodl  # noqa: F401 (they load the tables)

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
VIM = "urn:vim25"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
XSD = "http://www.w3.org/2001/XMLSchema"
WHOLE = {"byte": (-(2**7), 2**7), "short": (-(2**15), 2**15), "int": (-(2**31), 2**31), "long": (-(2**63), 2**63)}


def wsdl_type(namespace, name):
    try:
        return tables.GetWsdlType(namespace, name)
    except KeyError:
        return None


def local(tag):
    return tag.rsplit("}", 1)[-1]


class Checker:
    """Collects what is wrong with one request."""

    def __init__(self, prefixes):
        self.prefixes = prefixes
        self.problems = []

    def say(self, path, text):
        self.problems.append(f"{path}: {text}")

    def stated_type(self, element, path):
        """The type that an element says it has; None when it says none."""
        text = element.get(XSI + "type")
        if text is None:
            return None
        prefix, _, name = text.rpartition(":")
        # Prefixes are the envelope's: the tables need no more than one binding each.
        namespaces = self.prefixes.get(prefix, {VIM} if prefix == "" else set())
        for namespace in namespaces:
            found = wsdl_type(namespace, name)
            if found is not None:
                return found
        self.say(path, f"the type {text} is unknown")
        return None

    def value(self, element, expected, path):
        """Checks one element against the type that its place has."""
        stated = self.stated_type(element, path)
        if isinstance(expected, type) and issubclass(expected, tables.Array) and stated is None:
            expected = expected.Item
        if stated is not None and expected is not object and not issubclass(stated, expected):
            item = getattr(expected, "Item", None)
            if item is None or not issubclass(stated, item):
                self.say(path, f"a {stated.__name__} where a {expected.__name__} belongs")
                return
        actual = stated or expected
        if actual is object:
            self.say(path, "a value of any type needs xsi:type")
        elif issubclass(actual, tables.Array):
            self.array(element, actual, path)
        elif issubclass(actual, tables.ManagedObject):
            self.reference(element, actual, path)
        elif issubclass(actual, tables.DataObject):
            self.attributes(element, path, set())
            self.sequence(element, actual._GetPropertyList(), path)
        else:
            self.attributes(element, path, set())
            self.primitive(element, actual, path)

    def attributes(self, element, path, allowed):
        for name in element.attrib:
            if name not in (XSI + "type", "versionId") and name not in allowed:
                self.say(path, f"the attribute {name} is unknown")

    def array(self, element, actual, path):
        """An array as a value of any type: ArrayOfX holds elements named X."""
        for child in element:
            self.value(child, actual.Item, f"{path}/{local(child.tag)}")

    def reference(self, element, expected, path):
        self.attributes(element, path, {"type"})
        name = element.get("type")
        actual = wsdl_type(VIM, name) if name else None
        if actual is None or not issubclass(actual, tables.ManagedObject):
            self.say(path, f"a reference with the type {name}")
        elif not issubclass(actual, expected):
            self.say(path, f"a reference to a {name} where one to a {expected.__name__} belongs")
        if not (element.text or "").strip() or len(element):
            self.say(path, "a reference without a value")

    def primitive(self, element, actual, path):
        text = element.text or ""
        name = actual.__name__.rsplit(".", 1)[-1]
        if len(element):
            self.say(path, f"elements in a {name}")
        elif issubclass(actual, tables.Enum):
            if text not in actual.values:
                self.say(path, f"'{text}' is no {name}")
        elif actual is bool:
            if text not in ("true", "false", "0", "1"):
                self.say(path, f"'{text}' is no truth value")
        elif name in WHOLE:
            low, high = WHOLE[name]
            if not re.fullmatch(r"[+-]?\d+", text) or not low <= int(text) < high:
                self.say(path, f"'{text}' is no {name}")
        elif name == "datetime":
            if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", text):
                self.say(path, f"'{text}' is no dateTime")
        elif name == "binary":
            try:
                base64.b64decode(text, validate=True)
            except binascii.Error:
                self.say(path, "no base64")
        elif name == "type":
            if wsdl_type(VIM, text) is None:
                self.say(path, f"'{text}' names no type")

    def sequence(self, element, properties, path):
        """Children in the order of the schema, each as often as it may be."""
        if (element.text or "").strip():
            self.say(path, "text between elements")
        places = {info.name: place for place, info in enumerate(properties)}
        last, seen = -1, set()
        for child in element:
            name = local(child.tag)
            where = f"{path}/{name}"
            if child.tag != f"{{{VIM}}}{name}":
                self.say(where, f"the element is {child.tag}, not of {VIM}")
            place = places.get(name)
            if place is None:
                self.say(where, "the element is unknown here")
                continue
            if place < last:
                self.say(where, f"the element comes after {properties[last].name}")
            info = properties[place]
            is_array = issubclass(info.type, tables.Array)
            if name in seen and not is_array:
                self.say(where, "the element is there twice")
            last = max(place, last)
            seen.add(name)
            self.value(child, info.type, where)
        for info in properties:
            if info.name not in seen and not info.flags & tables.F_OPTIONAL:
                self.say(path, f"{info.name} is missing")

    def envelope(self, root):
        if root.tag != SOAP + "Envelope":
            self.say("/", f"the root is {root.tag}")
            return
        bodies = root.findall(SOAP + "Body")
        if len(bodies) != 1 or len(bodies[0]) != 1:
            self.say("/", "not one body with one request")
            return
        request = bodies[0][0]
        name = local(request.tag)
        if request.tag != f"{{{VIM}}}{name}":
            self.say(name, f"the request is {request.tag}")
            return
        try:
            method = tables.GetWsdlMethod(VIM, name).info
        except KeyError:
            self.say(name, "no such method")
            return
        children = list(request)
        if not children or children[0].tag != f"{{{VIM}}}_this":
            self.say(name, "the first element is not _this")
            return
        self.reference(children[0], method.type, f"{name}/_this")
        request.remove(children[0])
        self.sequence(request, list(method.params), name)


def prefixes(text):
    """All bindings of each prefix."""
    found = {}
    for _, (prefix, uri) in ElementTree.iterparse(text, events=["start-ns"]):
        found.setdefault(prefix, set()).add(uri)
    return found


def check(question):
    body = question["body"].encode()
    try:
        root = ElementTree.fromstring(body)
        checker = Checker(prefixes(io.BytesIO(body)))
    except ElementTree.ParseError as error:
        return [f"no XML: {error}"]
    checker.envelope(root)
    if not re.fullmatch(r'"?urn:vim25(/[0-9.]+)?"?', question.get("action", "")):
        checker.say("SOAPAction", f"is '{question.get('action')}'")
    return checker.problems


for line in sys.stdin:
    print(json.dumps(check(json.loads(line))))
