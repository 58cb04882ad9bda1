"""The language of a message."""

from __future__ import annotations

import re
import unicodedata

from bot.clinic.red_flags.reading import APOSTROPHES, INVISIBLE


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that only one of two languages has, in folded spelling. English and Hindi share "to",
# "me", "main", "the", "is" in Latin letters, so these count for neither.
_ENGLISH = _words(
    """
    a about after all am an and any are at be been before book but by can cant could did do
    does dont feel for from get go going has have having he help her his how i if im in it
    its just like lips may my need no not now of off on or our out please she should skin so
    stop that there they think this today too treatment was we what when which will with
    wont would you your
    """
)
_ROMAN_HINDI = _words(
    """
    aa aaj aap aaya aayi abhi accha achha agar ambulans apna apni aur awaaz baad bachao badh
    bahut band behosh behoshi bhi bol bolo bukhar bula bulao chahiye chahta chahti chakkar
    chal chala chali chati chehra chhati daane dard daura de dena dhadkan dikh dikhai dil
    din do dukh dum gala gale gaya gaye gayi ghut gir hai hain haath hath ho hoga honth hua
    hui hun hoon hu itna itni jaan jal jaldi jana jaun jeebh jeena jhatke ka kab kaan kaise
    kal kamzor kar karna karo karu ke khatam khoon khujli khud khudkushi khun ki kitna kitne
    ko koi kuch kya laal laali lag le lena li liya mann mar mara marna mat mehenga mein mera
    mere meri mujhe muh nahi nahin neele nhi pad pada pair par pe phir pura pure poore raha
    rahe rahi ruk rukta saans sab sahi sakta sakti sans seene se sharir sooj sujan soojan
    sunn tak takleef tedha tez thand theek thi uth wala wali yeh zindagi zubaan aahe ahe ani
    dukhtay gheta gheu hotoy ka khup kay mala mla majha majhi nahiye shwas tras yet yetoy
    zala zali
    """
)
_HINDI = _words(
    """
    है हैं हूं हो था थी थे नहीं मैं मेरा मेरी मेरे मुझे और क्या कैसे कितना कब में से का की
    के को रहा रही रहे गया गई गए गयी गये पर कर करो करें होंठ सांस आंख खून सीने पूरे सारे बहुत
    लग जीना मरना चाहता चाहती दूं दूंगी जाऊं अच्छा खुद सब बेहोश पड़ पड़ा दिखाई दर्द बचाओ
    बुलाओ एम्बुलेंस ली लीं लिया सूज इमरजेंसी
    """
)
_MARATHI = _words(
    """
    आहे आहेत आणि नाही नाहीत नाहीये नको मला माझा माझी माझे माझ्या तुम्ही तुमच्या काय कसं कसे
    किती कधी कुठे खूप पण आता आत्ता तर मी ती तो ते झालं झाला झाली झाले पडली पडला पडले पडतेय
    येतेय येतोय होतोय होतेय वाटतं वाटतंय दुखतंय दुखतय दिसतंय सुजले सुजली सुजला घेता येत
    घ्यायला श्वास श्वासाचा घसा ओठ तोंड बसला बसली बेशुद्ध बेशुद्धी अंगभर अंगावर उठलं उलट्या
    गांधी पुरळ छातीत आली फिट आकडी शुद्धीवर रक्त थांबत त्वचा जीव बरं वाचवा मदत करा बोलवा
    गरोदर मोठा अपघात राखाडी बधिर थरथर ताप अंग गार उचलत डोकेदुखी भाजून कातडी निघाली प्यायलो
    प्यायले घेतल्या खाल्ल्या सुजलं दुखतं फिलरनंतर लागतोय अपस्माराचा झटका हृदय दम डोळा असं
    म्हणून सांगा हवी हवा पाहिजे
    """
)
# Endings that Hindi does not have, on words of three letters and more.
_MARATHI_ENDINGS = (
    "ंय",
    "तोय",
    "तेय",
    "च्या",
    "ांना",
    "ायचं",
    "ावंसं",
    "मध्ये",
    "साठी",
    "ीये",
    "नंतर",
    "तं",
    "लं",
)


def language_of(text: str) -> str:
    """The language of a message: "en", "hi_latn", "hi", "mr" or "other".

    "other" is mostly a script that is neither Latin nor Devanagari; a message without letters
    is "en". Roman Marathi counts as "hi_latn". A message that mixes scripts is read as the
    Devanagari language as soon as a third of its letters are Devanagari, for brand and treatment
    names are written in English.
    """
    plain = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    latin = devanagari = other = 0
    for letter in plain:
        if "\u0900" <= letter <= "\u097f":
            devanagari += 1
        elif letter.isalpha():
            if letter < "\u0250" or "\u1e00" <= letter <= "\u1eff" or letter in _WIDE_LATIN:
                latin += 1
            else:
                other += 1
    if other > latin + devanagari:
        return "other"
    if devanagari and devanagari * 2 >= latin:
        return _devanagari_language(plain)
    words = _LATIN_WORD.findall(APOSTROPHES.sub("", plain.casefold()))
    hindi = sum(word in _ROMAN_HINDI for word in words)
    english = sum(word in _ENGLISH for word in words)
    return "hi_latn" if hindi and hindi >= english else "en"


_LATIN_WORD = re.compile("[a-z]+")
_DEVANAGARI_WORD = re.compile("[\u0900-\u0963\u0970-\u097f]+")
_WIDE_LATIN = frozenset(chr(code) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)))


def _devanagari_language(text: str) -> str:
    """Marathi where more words are Marathi than Hindi, else Hindi, which more patients write."""
    hindi = marathi = 0
    for word in _DEVANAGARI_WORD.findall(text.replace("\u0901", "\u0902")):
        hindi += word in _HINDI
        # The letter \u0933 is everyday Marathi and hardly ever Hindi.
        marathi += (
            word in _MARATHI
            or "\u0933" in word
            or (len(word) > 2 and word.endswith(_MARATHI_ENDINGS))
        )
    return "mr" if marathi > hindi else "hi"
