"""The red flags: what the brief lists is found, and what only sounds like it is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.red_flags import Judgement, RedFlags, Urgency, language_of, safety_text
from bot.data_files import read_signs

SAFETY = Path("data/safety")


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((SAFETY / name).read_text(encoding="utf-8"))
    return loaded


FLAGS = RedFlags(read_signs())
TEXTS = load("texts.yml")
FACTS = {
    "emergency": "112",
    "ambulance": "108",
    "mental_health": "14416",
    "same_day": "+91 99999 00001",
    "after_hours": "+91 99999 00002",
    "opening": "Monday 10:00",
}

# --- the brief's own wordings (5.2, 5.2b, 5.5, 5.3b) --------------------------------------------

LATIN = [
    ("E01", "can't breathe"),
    ("E01", "short of breath"),
    ("E01", "throat closing"),
    ("E01", "wheezing"),
    ("E01", "choking"),
    ("E01", "saans nahi aa rahi"),
    ("E02", "lips swelling"),
    ("E02", "tongue is fat"),
    ("E02", "face blowing up"),
    ("E02", "can't swallow"),
    ("E02", "honth sooj gaye"),
    ("E02", "voice gone hoarse"),
    ("E03", "rash all over and dizzy"),
    ("E03", "hives everywhere"),
    ("E03", "pure sharir pe daane aur chakkar"),
    ("E04", "fainted"),
    ("E04", "passed out"),
    ("E04", "blacked out"),
    ("E04", "behosh"),
    ("E04", "won't wake up"),
    ("E04", "talking nonsense"),
    ("E05", "chest pain"),
    ("E05", "chest tight"),
    ("E05", "heart pounding"),
    ("E05", "seene mein dard"),
    ("E06", "seizure"),
    ("E06", "fits"),
    ("E06", "jerking"),
    ("E06", "daura"),
    ("E07", "lips blue"),
    ("E07", "turned grey"),
    ("E08", "numb around mouth"),
    ("E08", "ears ringing"),
    ("E08", "shaking after cream"),
    ("E09", "can't see"),
    ("E09", "blurry suddenly"),
    ("E09", "black spot in eye"),
    ("E09", "eye burning badly"),
    ("E09", "dikhai nahi de raha"),
    ("E09", "hurts to move my eye"),
    ("E09", "eye is bulging"),
    ("E09", "cream went in my eye"),
    ("E10", "face drooping"),
    ("E10", "smile uneven"),
    ("E10", "arm weak"),
    ("E10", "leg went numb"),
    ("E10", "speech slurred"),
    ("E10", "worst headache of my life"),
    ("E10", "muh tedha ho gaya"),
    ("E11", "high fever and confused"),
    ("E11", "shivering badly"),
    ("E11", "skin blotchy"),
    ("E11", "feel like dying"),
    ("E12", "spreading by the hour"),
    ("E12", "skin turning black"),
    ("E12", "pain unbearable"),
    ("E12", "skin went white after filler"),
    ("E12", "purple net"),
    ("E12", "lip turned grey"),
    ("E13", "won't stop bleeding"),
    ("E14", "skin burnt off"),
    ("E14", "big burn"),
    ("E15", "emergency"),
    ("E15", "call ambulance"),
    ("E15", "ambulance bulao"),
    ("E15", "madad karo"),
    ("E15", "help I'm dying"),
    ("E15", "drank the cream"),
    ("E15", "swallowed the cream"),
    ("E15", "overdose"),
]

HINDI = [
    ("E01", "सांस नहीं आ रही"),
    ("E01", "साँस लेने में तकलीफ़"),
    ("E01", "दम घुट रहा है"),
    ("E01", "गला बंद हो रहा है"),
    ("E01", "सांस फूल रही है"),
    ("E02", "होंठ सूज गए"),
    ("E02", "जीभ सूज गई"),
    ("E02", "अचानक चेहरा सूज गया"),
    ("E02", "गला सूज गया"),
    ("E02", "निगला नहीं जा रहा"),
    ("E02", "आवाज़ बैठ गई"),
    ("E03", "पूरे शरीर पर दाने और चक्कर"),
    ("E03", "सारे बदन पर पित्ती और उल्टी"),
    ("E03", "शरीर पर चकत्ते और सांस की तकलीफ़"),
    ("E04", "बेहोश हो गई"),
    ("E04", "बेहोश हो गया"),
    ("E04", "होश नहीं आ रहा"),
    ("E04", "जगाने पर नहीं उठ रहा"),
    ("E04", "बहकी-बहकी बातें कर रही है"),
    ("E05", "सीने में दर्द"),
    ("E05", "छाती में दर्द"),
    ("E05", "छाती में जकड़न"),
    ("E05", "दिल बहुत तेज़ धड़क रहा है"),
    ("E05", "धड़कन गड़बड़ है"),
    ("E06", "दौरा पड़ा"),
    ("E06", "मिर्गी का दौरा"),
    ("E06", "झटके आ रहे हैं"),
    ("E06", "शरीर अकड़ गया"),
    ("E07", "होंठ नीले पड़ गए"),
    ("E07", "जीभ नीली हो गई"),
    ("E07", "चेहरा एकदम सफ़ेद पड़ गया"),
    ("E07", "त्वचा नीली पड़ गई"),
    ("E08", "क्रीम के बाद मुँह के आसपास सुन्न"),
    ("E08", "कान में सीटी बज रही है"),
    ("E08", "ज़ुबान लड़खड़ा रही है"),
    ("E08", "क्रीम के बाद कंपकंपी"),
    ("E09", "दिखाई नहीं दे रहा"),
    ("E09", "अचानक धुंधला दिख रहा है"),
    ("E09", "दो-दो दिख रहा है"),
    ("E09", "आँख में तेज़ दर्द"),
    ("E09", "आँख हिलाने पर दर्द"),
    ("E09", "आँख में क्रीम चली गई"),
    ("E10", "मुँह टेढ़ा हो गया"),
    ("E10", "चेहरा एक तरफ़ लटक गया"),
    ("E10", "हाथ अचानक सुन्न"),
    ("E10", "हाथ नहीं उठ रहा"),
    ("E10", "बोली लड़खड़ा गई"),
    ("E10", "अचानक बहुत तेज़ सिरदर्द"),
    ("E11", "तेज़ बुखार और बहकी बातें"),
    ("E11", "बहुत ठंड लगकर कांप रहा हूँ"),
    ("E11", "बुखार है और सांस तेज़ चल रही है"),
    ("E11", "त्वचा ठंडी और चकत्तेदार"),
    ("E11", "लग रहा है मर जाऊँगी"),
    ("E12", "लाली घंटों में फैल रही है"),
    ("E12", "त्वचा काली पड़ रही है"),
    ("E12", "दर्द सहा नहीं जा रहा"),
    ("E12", "फिलर के बाद त्वचा सफ़ेद पड़ गई"),
    ("E12", "इंजेक्शन की जगह नीली जाली"),
    ("E12", "होंठ धूसर पड़ गया"),
    ("E13", "खून बंद नहीं हो रहा"),
    ("E13", "खून रुक नहीं रहा"),
    ("E13", "दबाने पर भी खून बह रहा है"),
    ("E14", "चमड़ी जल गई"),
    ("E14", "बहुत ज़्यादा जल गया"),
    ("E14", "जलकर त्वचा सफ़ेद हो गई"),
    ("E14", "जलकर चमड़ी उतर गई"),
    ("E15", "इमरजेंसी है"),
    ("E15", "एम्बुलेंस बुलाओ"),
    ("E15", "मदद करो"),
    ("E15", "बचाओ, मर रहा हूँ"),
    ("E15", "क्रीम पी ली"),
    ("E15", "बहुत सारी गोलियाँ खा लीं"),
    ("E15", "गर्भवती हूँ, बहुत खून बह रहा है"),
    ("E15", "बड़ा एक्सीडेंट हो गया"),
]

MARATHI = [
    ("E01", "श्वास घेता येत नाही"),
    ("E01", "श्वास घ्यायला त्रास होतोय"),
    ("E01", "दम लागतोय"),
    ("E01", "श्वास कोंडतोय"),
    ("E01", "घसा बंद होतोय"),
    ("E02", "ओठ सुजले"),
    ("E02", "जीभ सुजली"),
    ("E02", "चेहरा अचानक सुजला"),
    ("E02", "घसा सुजला"),
    ("E02", "गिळता येत नाही"),
    ("E02", "आवाज बसला"),
    ("E03", "अंगभर पुरळ आणि चक्कर"),
    ("E03", "अंगावर पित्त उठलं आणि उलट्या"),
    ("E03", "सगळीकडे गांधी आणि दम लागतोय"),
    ("E04", "बेशुद्ध पडली"),
    ("E04", "बेशुद्ध झाला"),
    ("E04", "शुद्धीवर येत नाही"),
    ("E04", "उठवलं तरी उठत नाही"),
    ("E04", "असंबद्ध बोलतोय"),
    ("E05", "छातीत दुखतंय"),
    ("E05", "छातीत कळ येतेय"),
    ("E05", "छाती आवळल्यासारखी वाटतेय"),
    ("E05", "हृदय खूप जोरात धडधडतंय"),
    ("E06", "फिट आली"),
    ("E06", "झटके येत आहेत"),
    ("E06", "आकडी आली"),
    ("E06", "अपस्माराचा झटका"),
    ("E07", "ओठ निळे पडले"),
    ("E07", "जीभ निळी झाली"),
    ("E07", "चेहरा पांढराफटक पडला"),
    ("E07", "त्वचा निळी पडली"),
    ("E08", "क्रीमनंतर तोंडाभोवती बधिर"),
    ("E08", "कानात शिट्टी वाजतेय"),
    ("E08", "बोलताना जीभ अडखळतेय"),
    ("E08", "क्रीमनंतर थरथर"),
    ("E09", "दिसत नाहीये"),
    ("E09", "अचानक अंधुक दिसतंय"),
    ("E09", "दोन दोन दिसतंय"),
    ("E09", "डोळा खूप दुखतोय"),
    ("E09", "डोळा हलवला की दुखतं"),
    ("E09", "डोळ्यात क्रीम गेली"),
    ("E10", "तोंड वाकडं झालं"),
    ("E10", "चेहऱ्याची एक बाजू लोंबतेय"),
    ("E10", "हात अचानक बधिर झाला"),
    ("E10", "हात उचलत नाही"),
    ("E10", "बोलणं अडखळतंय"),
    ("E10", "अचानक भयंकर डोकेदुखी"),
    ("E11", "खूप ताप आणि गोंधळल्यासारखं"),
    ("E11", "थंडी वाजून हुडहुडी भरलीये"),
    ("E11", "ताप आहे आणि श्वास जोरात चाललाय"),
    ("E11", "अंग गार आणि डागाळलंय"),
    ("E11", "आता मरेन असं वाटतंय"),
    ("E12", "लाली तासातासाला पसरतेय"),
    ("E12", "त्वचा काळी पडतेय"),
    ("E12", "दुखणं सहन होत नाही"),
    ("E12", "फिलरनंतर त्वचा पांढरी पडली"),
    ("E12", "इंजेक्शनच्या जागी निळी जाळी"),
    ("E12", "ओठ राखाडी पडला"),
    ("E13", "रक्त थांबत नाहीये"),
    ("E13", "रक्तस्राव थांबत नाही"),
    ("E13", "दाबलं तरी रक्त येतंय"),
    ("E14", "त्वचा जळाली"),
    ("E14", "खूप भाजलंय"),
    ("E14", "भाजून कातडी निघाली"),
    ("E14", "भाजून त्वचा पांढरी पडली"),
    ("E15", "इमर्जन्सी आहे"),
    ("E15", "रुग्णवाहिका बोलवा"),
    ("E15", "मदत करा"),
    ("E15", "वाचवा, मी मरतेय"),
    ("E15", "क्रीम प्यायलो"),
    ("E15", "खूप गोळ्या खाल्ल्या"),
    ("E15", "गरोदर आहे, खूप रक्त जातंय"),
    ("E15", "मोठा अपघात झाला"),
]

CRISIS_LATIN = [
    "want to die",
    "kill myself",
    "end my life",
    "suicide",
    "no reason to live",
    "hurt myself",
    "self harm",
    "better off dead",
    "can't go on",
    "jeena nahi chahta",
    "jeena nahi chahti",
    "mar jaun",
    "I hate my face so much I don't want to live",
    "hair loss ruined my life, I give up",
]

CRISIS_DEVANAGARI = [
    "मरना चाहता हूँ",
    "मरना चाहती हूँ",
    "जीना नहीं चाहता",
    "जीना नहीं चाहती",
    "जीने का मन नहीं",
    "जान दे दूँगी",
    "खुदकुशी",
    "आत्महत्या",
    "खुद को चोट पहुँचाना",
    "सब खत्म कर दूँ",
    "मर जाऊँ तो अच्छा",
    "मरायचंय",
    "मरून जावंसं वाटतं",
    "जगायचं नाही",
    "जगण्यात अर्थ नाही",
    "जीव द्यावासा वाटतो",
    "स्वतःला संपवायचं आहे",
    "स्वतःला इजा करायची आहे",
    "मेलेलं बरं",
]

NEAR_MISSES = [
    "can't go on Tuesday",
    "which slot fits me",
    "does it fit my budget",
    "my hair turned grey",
    "stop talking nonsense",
    "I hurt myself shaving",
    "will the redness be spreading in the photos",
    "bubble wrap",
    "does the cream smell",
    "white patch from vitiligo since birth",
    "price is a killer",
    "mar jaun itna mehenga",
    "numb area before the needles?",
    "is chest treated too",
]

# --- further wordings: found

FURTHER = [
    ("E01", "I cannot breathe"),
    ("E01", "i cant breath properly"),
    ("E01", "my mother can't breathe"),
    ("E01", "having trouble breathing"),
    ("E01", "she is having difficulty in breathing"),
    ("E01", "I'm struggling to breathe"),
    ("E01", "it's hard to breathe after the cream"),
    ("E01", "My breathing is very heavy"),
    ("E01", "breathing problem"),
    ("E01", "not able to breathe"),
    ("E01", "feeling breathless"),
    ("E01", "my throat is closing up"),
    ("E01", "throat feels tight"),
    ("E01", "throat tightness after the session"),
    ("E01", "I feel like I'm suffocating"),
    ("E01", "gasping for air"),
    ("E01", "shortness of breath since the session"),
    ("E01", "feel short of breath pls help"),
    ("E01", "i am wheezing"),
    ("E01", "he is choking"),
    ("E01", "cant get enough air"),
    ("E01", "i can barely breathe"),
    ("E01", "I CANT BREATHE"),
    ("E01", "cannnnt breatheee"),
    ("E01", "unable to breath"),
    ("E01", "breth problem cant brethe"),
    ("E01", "saans nahi aa rahi hai"),
    ("E01", "mujhe saans lene mein dikkat ho rahi hai"),
    ("E01", "sans lene me takleef"),
    ("E01", "saans phool rahi hai"),
    ("E01", "dam ghut raha hai"),
    ("E01", "gala band ho raha hai"),
    ("E01", "saans nahi le pa raha"),
    ("E01", "mummy ko saans nahi aa rahi"),
    ("E01", "saans ruk rahi hai"),
    ("E01", "साँस लेने में दिक्कत हो रही है"),
    ("E01", "मुझे सांस नही आ रही"),
    ("E01", "मला श्वास घ्यायला त्रास होतोय"),
    ("E01", "what is the price and I cant breathe"),
    ("E01", "Is it normal that I can't breathe after the session?"),
    ("E01", "no fever but I can't breathe"),
    ("E01", "no i cant breathe"),
    ("E02", "my lips are swelling"),
    ("E02", "lips are swollen"),
    ("E02", "lip swelling"),
    ("E02", "my lip has swollen up"),
    ("E02", "swollen lips and tongue"),
    ("E02", "my tongue is swelling"),
    ("E02", "tongue feels thick"),
    ("E02", "my face is blowing up"),
    ("E02", "my face is swelling badly"),
    ("E02", "face got huge"),
    ("E02", "I can't swallow"),
    ("E02", "difficulty swallowing"),
    ("E02", "my voice is hoarse suddenly"),
    ("E02", "lips swelled up like balloons"),
    ("E02", "mere honth sooj gaye hain"),
    ("E02", "honth suj gaye"),
    ("E02", "jeebh sooj gayi"),
    ("E02", "chehra sooj gaya hai"),
    ("E02", "muh sooj gaya"),
    ("E02", "gala sooj gaya"),
    ("E02", "nigla nahi ja raha"),
    ("E02", "awaaz baith gayi hai"),
    ("E02", "mere hoth phool gaye"),
    ("E02", "मेरे होंठ सूज गए हैं"),
    ("E02", "चेहरा सुज गया"),
    ("E02", "माझे ओठ सुजले आहेत"),
    ("E02", "my lips are swelin"),
    ("E02", "my lips are swolen"),
    ("E02", "my lps are sweling"),
    ("E02", "having a severe allergic reaction"),
    ("E03", "I have hives all over my body"),
    ("E03", "rash all over and vomiting"),
    ("E03", "whole body rash and feeling dizzy"),
    ("E03", "itching all over with vomiting"),
    ("E03", "red spots everywhere and I feel faint"),
    ("E03", "pure sharir pe daane ho gaye aur chakkar aa rahe hain"),
    ("E03", "poore badan par khujli aur ulti"),
    ("E03", "rash everywhere and breathing problem"),
    ("E04", "I just fainted"),
    ("E04", "my wife fainted after the session"),
    ("E04", "he passed out"),
    ("E04", "i blacked out"),
    ("E04", "she is unconscious"),
    ("E04", "unconsious"),
    ("E04", "my father collapsed"),
    ("E04", "she won't wake up"),
    ("E04", "he is not responding"),
    ("E04", "he is very drowsy"),
    ("E04", "mother is talking nonsense"),
    ("E04", "i feel faint"),
    ("E04", "about to faint"),
    ("E04", "behosh ho gayi"),
    ("E04", "meri behen behosh ho gayi hai"),
    ("E04", "papa behosh"),
    ("E04", "hosh nahi aa raha"),
    ("E04", "behki behki baatein kar rahi hai"),
    ("E04", "वो बेहोश हो गए"),
    ("E04", "ती बेशुद्ध पडली आहे"),
    ("E04", "she is not making any sense"),
    ("E04", "I fainted yesterday"),
    ("E04", "my mom has fainted what to do"),
    ("E05", "I have chest pain"),
    ("E05", "chest hurts"),
    ("E05", "pain in my chest"),
    ("E05", "my chest feels tight"),
    ("E05", "chest tightness"),
    ("E05", "heart is racing"),
    ("E05", "my heart is beating very fast"),
    ("E05", "palpitations"),
    ("E05", "heart attack"),
    ("E05", "irregular heartbeat"),
    ("E05", "seene mein dard ho raha hai"),
    ("E05", "chhati mein dard"),
    ("E05", "dil bahut tez dhadak raha hai"),
    ("E05", "chest me dard hai"),
    ("E05", "मेरे सीने में दर्द हो रहा है"),
    ("E05", "माझ्या छातीत दुखतंय"),
    ("E05", "chest pain nahi ja raha"),
    ("E05", "seene ka dard kam nahi ho raha"),
    ("E05", "no fever, chest pain"),
    ("E05", "cheast pain"),
    ("E05", "chestpain"),
    ("E06", "she is having a seizure"),
    ("E06", "my son is having fits"),
    ("E06", "seziure"),
    ("E06", "he had a fit just now"),
    ("E06", "convulsions"),
    ("E06", "body is jerking"),
    ("E06", "daura pada hai"),
    ("E06", "mirgi ka daura aaya"),
    ("E06", "usko jhatke aa rahe hain"),
    ("E06", "foaming at the mouth"),
    ("E06", "उसे दौरा पड़ा है"),
    ("E06", "त्याला फिट आली"),
    ("E07", "my lips are blue"),
    ("E07", "lips turning blue"),
    ("E07", "her face turned grey"),
    ("E07", "lips have gone pale"),
    ("E07", "tongue is blue"),
    ("E07", "fingers are blue"),
    ("E07", "honth neele pad gaye"),
    ("E07", "chehra safed pad gaya"),
    ("E07", "she turned blue"),
    ("E08", "numb around my mouth"),
    ("E08", "tingling around the lips"),
    ("E08", "my ears are ringing"),
    ("E08", "ringing in ears after cream"),
    ("E08", "shaking after the numbing cream"),
    ("E08", "I applied the numbing cream and I'm trembling"),
    ("E08", "kaan mein seeti baj rahi hai"),
    ("E08", "zubaan ladkhada rahi hai"),
    ("E08", "muh ke aas paas sunn ho gaya"),
    ("E08", "slurred speech after numbing cream"),
    ("E09", "I can't see"),
    ("E09", "I can't see anything from my left eye"),
    ("E09", "suddenly my vision is blurry"),
    ("E09", "vision loss"),
    ("E09", "my vision went blurry"),
    ("E09", "double vision"),
    ("E09", "I went blind"),
    ("E09", "severe eye pain"),
    ("E09", "my eye hurts badly"),
    ("E09", "my eyes are burning badly"),
    ("E09", "pain when I move my eye"),
    ("E09", "serum went into my eye"),
    ("E09", "the cream got in my eye"),
    ("E09", "something splashed in my eye"),
    ("E09", "aankh mein dard"),
    ("E09", "aankh mein cream chali gayi"),
    ("E09", "dhundhla dikh raha hai"),
    ("E09", "mujhe dikhai nahi de raha"),
    ("E09", "kuch dikh nahi raha"),
    ("E09", "आंख में बहुत दर्द"),
    ("E09", "i can only see black spots in my vision"),
    ("E10", "one side of my face is drooping"),
    ("E10", "my face is drooping"),
    ("E10", "my smile is uneven"),
    ("E10", "my arm is weak"),
    ("E10", "my left arm suddenly went numb"),
    ("E10", "can't move my leg"),
    ("E10", "I can't lift my arm"),
    ("E10", "slurred speech"),
    ("E10", "my speech is slurred"),
    ("E10", "worst headache ever"),
    ("E10", "sudden severe headache"),
    ("E10", "I think I'm having a stroke"),
    ("E10", "muh tedha ho gaya"),
    ("E10", "haath sunn ho gaya"),
    ("E10", "haath nahi uth raha"),
    ("E10", "lakwa maar gaya"),
    ("E10", "achanak bahut tez sir dard"),
    ("E10", "mother can't speak"),
    ("E11", "high fever and she is confused"),
    ("E11", "fever and breathing fast"),
    ("E11", "shivering badly"),
    ("E11", "I am shivering so much"),
    ("E11", "skin is blotchy and cold"),
    ("E11", "I feel like I'm dying"),
    ("E11", "fever and no urine since morning"),
    ("E11", "tez bukhar aur behki baatein"),
    ("E11", "thand lagkar kaanp raha hoon"),
    ("E11", "mujhe lag raha hai mar jaungi"),
    ("E12", "redness is spreading fast"),
    ("E12", "redness spreading by the hour"),
    ("E12", "my skin is turning black"),
    ("E12", "skin turned purple"),
    ("E12", "the pain is unbearable"),
    ("E12", "unbearable pain"),
    ("E12", "I can't bear the pain"),
    ("E12", "skin turned white after filler"),
    ("E12", "after the injection my nose is turning grey"),
    ("E12", "dard bardasht nahi ho raha"),
    ("E12", "skin kaali pad rahi hai"),
    ("E12", "laali ghanton mein phail rahi hai"),
    ("E13", "it won't stop bleeding"),
    ("E13", "the bleeding is not stopping"),
    ("E13", "bleeding non stop"),
    ("E13", "still bleeding after 20 minutes"),
    ("E13", "blood is not stopping"),
    ("E13", "khoon band nahi ho raha"),
    ("E13", "khoon ruk nahi raha"),
    ("E13", "khoon nahi ruk raha"),
    ("E13", "bleeding heavily"),
    ("E13", "can't stop the bleeding"),
    ("E14", "my skin is burnt off"),
    ("E14", "severe burn"),
    ("E14", "big burn on my cheek"),
    ("E14", "my face is badly burnt"),
    ("E14", "skin is charred"),
    ("E14", "chamdi jal gayi"),
    ("E14", "skin jal gayi"),
    ("E14", "third degree burn"),
    ("E15", "this is an emergency"),
    ("E15", "emergency hai"),
    ("E15", "call an ambulance"),
    ("E15", "ambulance chahiye"),
    ("E15", "please send ambulance"),
    ("E15", "madad karo"),
    ("E15", "bachao"),
    ("E15", "help im dying"),
    ("E15", "I swallowed the serum"),
    ("E15", "my child drank the cream"),
    ("E15", "I took an overdose"),
    ("E15", "took tablets to die"),
    ("E15", "I took 20 tablets"),
    ("E15", "I have taken too many sleeping pills"),
    ("E15", "she swallowed a lot of pills"),
    ("E15", "cut my wrists"),
    ("E15", "I slit my wrist"),
    ("E15", "about to jump"),
    ("E15", "I have pills in my hand and I want to die"),
    ("E15", "bahut saari goliyan kha li"),
    ("E15", "zeher kha liya"),
    ("E15", "pregnant and bleeding heavily"),
    ("E15", "I'm pregnant and bleeding a lot"),
    ("E15", "met with an accident bleeding"),
    ("E15", "call 112"),
    ("E15", "मुझे बचाओ"),
    ("E15", "एंबुलेंस भेजो"),
    ("E15", "मी खूप गोळ्या खाल्ल्या"),
    ("CRISIS", "I want to die"),
    ("CRISIS", "i dont want to live anymore"),
    ("CRISIS", "don't want to be alive"),
    ("CRISIS", "I want to kill myself"),
    ("CRISIS", "thinking of suicide"),
    ("CRISIS", "I feel suicidal"),
    ("CRISIS", "suicde"),
    ("CRISIS", "I want to end my life"),
    ("CRISIS", "want to end it all"),
    ("CRISIS", "I wish I was dead"),
    ("CRISIS", "I wish I was never born"),
    ("CRISIS", "no point in living"),
    ("CRISIS", "there is no reason to live"),
    ("CRISIS", "life is not worth living"),
    ("CRISIS", "my life is pointless"),
    ("CRISIS", "I can't go on like this"),
    ("CRISIS", "can't go on anymore"),
    ("CRISIS", "I cant go on"),
    ("CRISIS", "i give up"),
    ("CRISIS", "I cut myself"),
    ("CRISIS", "I want to hurt myself"),
    ("CRISIS", "i keep hurting myself"),
    ("CRISIS", "everyone would be better off without me"),
    ("CRISIS", "I'd rather be dead than bald"),
    ("CRISIS", "I'm tired of living"),
    ("CRISIS", "what's the point of living with this face"),
    ("CRISIS", "my daughter wants to kill herself"),
    ("CRISIS", "my son says he wants to die"),
    ("CRISIS", "she is suicidal"),
    ("CRISIS", "I don't want to wake up"),
    ("CRISIS", "nothing to live for"),
    ("CRISIS", "I will kill myself"),
    ("CRISIS", "jeena nahi chahta"),
    ("CRISIS", "main jeena nahi chahti ab"),
    ("CRISIS", "marna chahta hoon"),
    ("CRISIS", "mujhe marna hai"),
    ("CRISIS", "mar jaana chahti hoon"),
    ("CRISIS", "mar jaun kya"),
    ("CRISIS", "khudkushi karne ka mann hai"),
    ("CRISIS", "jaan de dungi"),
    ("CRISIS", "zindagi khatam kar dunga"),
    ("CRISIS", "jeene ka mann nahi karta"),
    ("CRISIS", "jeene ki koi wajah nahi"),
    ("CRISIS", "main mar jaunga"),
    ("CRISIS", "मैं मरना चाहता हूं"),
    ("CRISIS", "जीने का मन नही करता"),
    ("CRISIS", "मुझे मर जाना है"),
    ("CRISIS", "मला मरायचं आहे"),
    ("CRISIS", "मला जगायचं नाहीये"),
    ("CRISIS", "I don't want to die but I can't go on"),
    ("CRISIS", "what if I kill myself"),
    ("CRISIS", "can't take this anymore"),
    ("CRISIS", "self harming again"),
    ("CRISIS", "hair loss makes me want to die"),
    ("CRISIS", "i hurt myself"),
    ("E05", "will my chest pain go away"),
    ("E02", "when will my lips swelling go down"),
    ("E05", "can you give me something for chest pain"),
    ("E05", "is there any medicine for chest pain"),
    ("E05", "i had prp 2 years ago chest pain"),
    ("E05", "last year did exosomes all good now chest pain"),
    ("E05", "kya karu subah se seene mein dard hai"),
    ("E05", "agar seene mein dard ho raha hai to kya karu"),
    ("E05", "symptoms like chest pain since morning"),
    ("E02", "lips swelling a side effect?"),
    ("E05", "chest pain happens when i walk"),
    ("E05", "don't know if heartburn or chest pain"),
    ("E05", "seene mein dard nahi pata kyun"),
    ("E05", "I have never felt such chest pain"),
    ("E05", "chest pain last month, better now but today again"),
    ("E02", "is lips swelling common"),
    ("E05", "seene mein na bahut dard hai"),
    ("E02", "I did PRP last year and my lips are swelling"),
    ("E05", "no relief from chest pain"),
    ("E01", "mujhe na saans lene mein takleef ho rahi hai"),
    ("E01", "nahi saans nahi aa rahi"),
    ("E02", "price? my lips are swelling"),
    ("E02", "Can you tell me the price, my lips are swelling"),
    ("E05", "kya cream se seene mein dard ho raha hai"),
    ("E02", "could the cream make my lips swell? they are swelling now"),
    ("E01", "I... can't... breathe"),
    ("E01", "I. CAN'T. BREATHE."),
    ("E04", "she wont wake up what to do"),
    ("E01", "breathing not normal"),
    ("E02", "my face is puffy and lips swollen"),
]

# --- further wordings: harmless, denied, asked about, long past

HARMLESS = [
    "I give up, your site is slow",
    "I can't go on the 5th",
    "cant go on that date",
    "I can't see any results",
    "I can't see the price on your website",
    "can't see the slots",
    "I'm dying to try exosomes",
    "I want to die my hair black",
    "can I dye my hair after",
    "dead skin cells on my face",
    "my grey hair bothers me",
    "is it painless",
    "how much is the session",
    "does microneedling hurt",
    "do you numb the skin with cream",
    "can I breathe normally during it",
    "what is your emergency contact",
    "is this for emergencies",
    "I am faint hearted about needles",
    "can it fade faint scars",
    "faint lines on my forehead",
    "I passed out of college in 2019",
    "I am fit and healthy",
    "does the dress code fit",
    "will my face be red",
    "mild swelling on my face since yesterday",
    "my face is slightly puffy",
    "can you call me back",
    "I don't have chest pain",
    "no chest pain",
    "no fever, chest pain or swelling of lips",
    "not having trouble breathing",
    "without swelling of lips",
    "no trouble breathing and no swelling of lips",
    "I have not fainted",
    "never had a seizure",
    "mujhe saans ki takleef nahi hai",
    "seene mein dard nahi hai",
    "mujhe behoshi nahi hui",
    "सीने में दर्द नहीं है",
    "होंठ नहीं सूजे",
    "मला छातीत दुखत नाही",
    "can exosomes cause breathing trouble?",
    "is there a risk of fainting",
    "what if my lips swell later",
    "can it cause seizures",
    "what are side effects like chest pain",
    "will I faint during the session",
    "do people faint",
    "could it cause blindness or vision loss",
    "does numbing cream cause fits",
    "kya isse saans ki takleef ho sakti hai",
    "क्या इससे सांस की तकलीफ हो सकती है",
    "last year I had chest pain, fine now",
    "two years ago I fainted after a blood test but I'm fine now",
    "I had a seizure 10 years ago, can I have exosomes?",
    "my price limit is 5000 rupees",
    "prices are killing me",
    "this traffic is killing me",
    "Can I see before and after photos?",
    "what should I do to prepare",
    "is it safe for heart patients",
    "my father died of a heart attack",
    "family history of stroke",
    "hair follicles are dying",
    "my hair is dying",
    "kya aap behosh karte ho",
    "appointment book karne mein madad karo",
    "बुकिंग में मदद करो",
    "can I drink alcohol after",
    "can I take my tablets before the session",
    "I took 2 tablets of paracetamol",
    "how many exosomes are in a bottle",
    "should I breathe through a mask",
    "hold my breath",
    "cut my hair before?",
    "I burned myself with the straightener",
    "does the pain stop quickly",
    "bleeding stops when?",
    "price of chest hair removal",
    "my arms are hairy",
    "is it hard on the eyes",
    "dark circles under eyes",
    "eye cream allowed?",
    "lip filler price",
    "fat lips vs thin lips",
    "spreading the payment in parts",
    "can I pay in parts so that it is not heavy",
    "hot and cold therapy",
    "I am confused about the price",
    "my face looks tired and dull",
    "sun tan on my arms",
    "haath par sun tan hai",
    "mujhe price dikhai nahi de raha",
    "result nahi dikh raha",
    "scars from an accident",
    "old burn scars on face",
    "when should I call an ambulance after treatment?",
    "overdose of serum on skin bad?",
    "skin turned black from sun",
    "under eye area hurts a bit",
    "no one fainted here right",
    "non emergency question",
    "it is not an emergency",
    "my hair is so thin I look old",
    "I feel ugly",
    "I am so depressed about my hair",
    "kitna kharcha hoga",
    "नमस्ते, कीमत कितनी है",
    "किंमत किती आहे",
    "is exosome better than prp",
    "thanks a lot",
    "what if I faint?",
    "I want to end my subscription",
    "give me the address",
    "I give up smoking next week, is it ok for treatment",
    "are you a robot",
    "can I go out on Tuesday",
    "how long will the redness last",
    "is swelling common after the session?",
    "will there be swelling on my face",
    "how long does face swelling last",
    "can you treat lips too",
    "do you treat chest acne",
    "do you do chest and back",
    "is there laser for chest hair",
    "what about heart patients",
    "I have a heart condition can I take it",
    "my heart is set on this treatment",
    "I love it with all my heart",
    "price of lip treatment",
    "I want fuller lips",
    "my lips are dry",
    "my lips are dark, can exosomes help",
    "my tongue is pierced",
    "stretch marks on my legs",
    "my arms are dark",
    "I have white patches on my arm",
    "can it help hair that turned white",
    "beard turned grey early",
    "grey hair at 25",
    "black spots on my face",
    "dark spots near my eyes",
    "fine lines around my eyes",
    "dark circles under my eye",
    "eyelash serum ok?",
    "can I wear eye makeup",
    "can I wear contact lenses",
    "I can't see you on Friday",
    "can't see the doctor this week",
    "i cant see any difference after 3 sessions",
    "your website is not responding",
    "you are not responding to my messages",
    "I am tired of acne",
    "I'm sick of my skin",
    "tired of hair fall",
    "I'm fed up of dark spots",
    "killer price",
    "this costs a bomb",
    "I would kill for skin like that",
    "my phone died",
    "dead skin removal",
    "deadline for booking",
    "die hard fan",
    "to die for glow",
    "the app keeps crashing, I give up",
    "giving up sugar helps skin?",
    "can I swallow collagen pills",
    "do I need to take tablets",
    "should I stop my tablets before",
    "I take 10 mg isotretinoin tablets",
    "I take a lot of vitamins",
    "how many tablets",
    "can I drink coffee before",
    "does it burn",
    "burning sensation common?",
    "mild burning on my cheek",
    "skin feels warm",
    "a bit red today",
    "skin is peeling",
    "little itching on my cheek",
    "itchy scalp since yesterday",
    "small pimples after session",
    "rash on my neck too",
    "can I come at 4",
    "do you have an opening",
    "what time do you close",
    "is the clinic closed on Sunday",
    "closing time?",
    "is your throat doctor available",
    "ENT for throat?",
    "is it spreading to other branches",
    "does the serum spread quickly",
    "hands free booking",
    "is parking available",
    "breathable mask after treatment?",
    "I have asthma, can I have it",
    "I have epilepsy, is it ok",
    "history of seizures, can I have exosomes",
    "I had a stroke 5 years ago",
    "I fainted during a blood test last year, all good now",
    "as a child I had seizures, fine now",
    "i faint easily with needles",
    "I faint at the sight of blood",
    "I'm scared of fainting",
    "worried I might faint",
    "can people faint from the needles",
    "is fainting common",
    "could I lose my vision from fillers",
    "any risk of vision loss",
    "is there a chance of seizure",
    "are there any cases of heart attack",
    "can microneedling cause bleeding that doesn't stop",
    "what if it won't stop bleeding after?",
    "what if my face swells",
    "what if I can't breathe during the session",
    "signs of a severe allergic reaction?",
    "symptoms of anaphylaxis",
    "agar honth sooj jaye to kya karu",
    "kya isse daura pad sakta hai",
    "behosh karke karenge kya",
    "saans ki koi problem nahi hai",
    "chest pain nahi hai",
    "dard nahi hai",
    "mujhe chakkar nahi aate",
    "होंठ सूजे नहीं हैं",
    "क्या इससे दौरा पड़ सकता है",
    "छातीत दुखत नाहीये",
    "बेशुद्ध करता का",
    "doctor ka daam kitna hai",
    "mera sir (name) doctor sir available hai?",
    "sir what is the price",
    "good morning sir dard hota hai kya",
    "kitna dard hoga",
    "dard hota hai kya",
    "kya dard bardasht hota hai",
    "is the pain unbearable?",
    "is it unbearable pain",
    "I have not had any chest pain or fainting",
    "no swelling, no bleeding, no pain",
    "no rash or breathing problems",
    "I don't have seizures or heart problems",
    "neither fainting nor chest pain",
    "no history of seizures",
    "no suicidal thoughts",
    "I am not suicidal",
    "I am not pregnant",
    "pregnant, can I take it?",
    "is bleeding normal after needles",
    "a little pinpoint bleeding today",
    "will I bleed",
    "bleeding gums treatment?",
    "blood test before treatment?",
    "is blood drawn",
    "do you take my blood for PRP",
    "I had an accident last year and have scars",
    "acne scars from childhood",
    "burn scars on my arm",
    "sunburn on my face",
    "my skin burns easily in the sun",
    "sun burn",
    "how do you handle emergencies",
    "do you have emergency equipment",
    "help me book an appointment",
    "help",
    "please help me choose",
    "can you help me",
    "I need help with my booking",
    "madad chahiye booking mein",
    "kya aap meri madad kar sakte hain",
    "fit and fine",
    "getting fit for wedding",
    "how long to get fit",
    "does it fit into lunch break",
    "can you fit me in on Monday",
    "outfit",
    "benefits",
    "can I get a slot that fits",
    "is it ok for sensitive eyes",
    "hair line receding",
    "bald spot on one side of my head",
    "one side of my face has more spots",
    "my face looks uneven",
    "uneven skin tone",
    "uneven smile lines",
    "my smile lines are deep",
    "sagging skin on my face",
    "droopy eyelids treatment",
    "jowls drooping with age",
    "numbing cream brand?",
    "how long does the numbing last",
    "will my mouth be numb",
    "does my face go numb with cream",
    "shaving before session",
    "shaking hands allowed lol",
]

EMERGENCIES = [*LATIN, *HINDI, *MARATHI, *(p for p in FURTHER if p[0] != "CRISIS")]
CRISES = [
    *CRISIS_LATIN,
    *CRISIS_DEVANAGARI,
    *(text for sign, text in FURTHER if sign == "CRISIS"),
]


@pytest.mark.parametrize(("sign", "text"), EMERGENCIES)
def test_an_emergency_is_named_by_its_sign(sign: str, text: str) -> None:
    judgement = FLAGS.judge(text)
    assert (judgement.urgency, judgement.sign) == (Urgency.EMERGENCY, sign)


@pytest.mark.parametrize("text", CRISES)
def test_a_crisis_is_seen(text: str) -> None:
    judgement = FLAGS.judge(text)
    assert (judgement.urgency, judgement.sign) == (Urgency.CRISIS, "CRISIS")


@pytest.mark.parametrize("text", [*NEAR_MISSES, *HARMLESS])
def test_what_only_sounds_like_a_sign_is_left_alone(text: str) -> None:
    assert FLAGS.judge(text).urgency is Urgency.NONE


@pytest.mark.parametrize(
    "text",
    [
        "fainted once after the session, I'm fine now",
        "nearly fainted one time, ok now",
        "ek baar behosh hua tha ab theek hoon",
    ],
)
def test_a_faint_that_happened_once_and_is_over_is_for_the_same_day(text: str) -> None:
    judged = FLAGS.judge(text)
    assert (judged.urgency, judged.sign) == (Urgency.SAME_DAY, "D14")
    assert judged.language == language_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "fainted once, fine now but chest pain",
        "fainted once after the session",
        "I'm fine now but she fainted again",
        "fainted once, I'm fine now, but it happened again today",
    ],
)
def test_a_faint_that_is_not_clearly_over_stays_an_emergency(text: str) -> None:
    assert FLAGS.judge(text).urgency is Urgency.EMERGENCY


# --- told in other words ------------------------------------------------------------------------

IN_OTHER_WORDS = [
    "he's struggling for breath",
    "my breath is getting shorter and shorter",
    "can hardly breathe since I applied the serum",
    "throat is swelling up",
    "my tongue has doubled in size",
    "my eyelids and lips are puffed up",
    "lips are getting bigger and bigger",
    "she is not waking up",
    "my grandmother fell unconscious in your clinic",
    "I nearly passed out twice",
    "dil ghabra raha hai aur saans nahi",
    "heart going crazy fast",
    "my husband is having chest pains after the laser",
    "left arm feels numb and my chest is heavy",
    "half of my face went numb",
    "my mouth is hanging to one side",
    "I cannot move my right arm",
    "words coming out jumbled",
    "fever 103 and shivering with confusion",
    "the skin around my nose is turning black",
    "my cheek has gone white after filler",
    "blood keeps coming",
    "bleeding hasn't stopped for an hour",
    "the acid burnt my face",
    "my toddler swallowed the numbing cream",
    "he drank acid",
    "I ate a whole strip of tablets",
    "plz send ambulance fast",
    "vision in right eye is gone",
    "everything went black",
    "I see double",
    "laser hit my eye and I can't see",
    "eye is bulging out",
    "peel went in my eye",
    "I think I am dying",
    "I don't want to be alive anymore",
    "nobody would miss me",
    "mai ab jina nahi chahti",
    "life mein kuch nahi bacha, mar jana chahti hu",
    "main suicide kar lungi",
    "I feel like ending everything",
    "no reason to go on living",
    "thinking about ending my life",
    "should I just die",
    "I want to hurt myself",
    "aatmahatya karna chahta hu",
    "saas nahi le pa rhi hu",
    "muh aur honth me sujan aa gyi h",
    "aankho ke samne andhera",
    "chakkar kha ke gir gayi",
    "ulti aur pure sharir pe laal daane",
    "bukhar hai aur hosh mein nahi hai",
    "khoon bahut beh raha hai",
    "मेरी माँ को सांस लेने में बहुत तकलीफ हो रही है",
    "मेरे पति बेहोश हो गए हैं जल्दी मदद करो",
    "सीने में बहुत तेज दर्द हो रहा है",
    "होठों पर सूजन आ गई है",
    "आँख से दिखना बंद हो गया",
    "मुझे जीना नहीं है",
    "अब जीने की इच्छा नहीं है",
    "माझ्या आईला श्वास घेता येत नाहीये",
    "माझे ओठ खूप सुजलेत",
    "छातीत खूप दुखत आहे",
    "तो बेशुद्ध झाला आहे",
    "मला जगायचं नाही",
    "डोळ्याला काही दिसत नाही",
    "रक्त थांबतच नाही",
    "lip is swelling and tingling",
    "my face swelled up",
    "face has swollen like a balloon",
    "body rash with vomiting",
    "tounge swelling",
    "i cant breeth",
    "my hart is beating fast",
    "she fell down and is not responding",
    "eyes rolled back and shaking",
    "I am finding it difficult to take a breath",
    "throat is getting smaller",
    "feels like something stuck in my throat and I can't breathe",
    "tightness in chest since the session",
    "she went limp and isn't answering",
    "my baby is not breathing",
    "my wife is shaking all over and not responding",
    "his lips have gone blue",
    "I have taken an overdose of sleeping pills",
    "my whole face has swollen up suddenly",
    "lip swollen after exosome",
    "swelling on lips",
    "there is swelling in my throat",
    "eyes burning, serum went inside",
    "cant open my eye it hurts a lot",
    "I can't feel my left arm",
    "suddenly can't speak",
    "face has gone crooked",
    "life has no meaning",
    "I'm going to end it",
    "no will to live",
    "plz help my mother is unconscious",
    "jaldi ambulance bhejo",
    "heartbeat bahut tez hai",
    "chati me dard",
    "sujan aa gayi hoth pe",
    "चेहरे पर अचानक सूजन",
    "छाती भारी लग रही है",
    "अँधेरा छा रहा है आँखों के सामने",
]


@pytest.mark.parametrize("text", IN_OTHER_WORDS)
def test_a_sign_told_in_other_words_is_seen(text: str) -> None:
    assert FLAGS.judge(text).urgency in {Urgency.EMERGENCY, Urgency.CRISIS}


# --- the forms in which a sign comes ------------------------------------------------------------

CHATTER = (
    "Hello, good morning, I saw your page and wanted to ask a few things about the hair treatment "
    "for my cousin, she is thirty and lives nearby, we liked the photos very much and the staff "
    "was kind on the phone, please share the price list, the parking, and which doctor is there "
    "on weekdays, also whether we should bring old reports or not, "
)
assert len(CHATTER) > 300


def in_chatter(text: str) -> str:
    padded = f"{CHATTER} {text}. {CHATTER}"
    assert len(padded) > 600
    return padded


FORMS = {
    "in capitals": str.upper,
    "without punctuation": lambda text: "".join(c for c in text if c not in ".,!?'\u2019"),
    "with curly quotes": lambda text: text.replace("'", "\u2019"),
    "with many exclamation marks": lambda text: text + "!!!!",
    "with an emoji": lambda text: "\U0001f62d " + text + " \U0001f64f",
    "behind a price question": lambda text: "What is the price of one session? " + text,
    "behind a price question without a full stop": lambda text: "price kya hai " + text,
    "before a price question": lambda text: text + ". And what does it cost?",
    "in 800 characters of chatter": in_chatter,
    "on a line of its own": lambda text: "Hi\nprice?\n" + text + "\nthanks",
    "as full-width letters": lambda text: "".join(
        chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in text
    ),
}
# A word of help changes nothing for these: the brief's wordings, every language.
BRIEF = [*LATIN, *HINDI, *MARATHI, *(("CRISIS", t) for t in (*CRISIS_LATIN, *CRISIS_DEVANAGARI))]


@pytest.mark.parametrize("form", FORMS)
def test_a_sign_is_found_in_every_form(form: str) -> None:
    lost = [text for _, text in BRIEF if FLAGS.judge(FORMS[form](text)).sign == ""]
    assert lost == []


def one_typo(word: str, kind: str, place: int) -> str:
    if kind == "dropped":
        return word[:place] + word[place + 1 :]
    if kind == "doubled":
        return word[:place] + word[place] + word[place:]
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


KEY_WORDS = {
    "swelling": "my lips are {}",
    "swollen": "my tongue is {}",
    "breathing": "trouble {} after the session",
    "fainted": "my mother {}",
    "unconscious": "she is {}",
    "wheezing": "I am {}",
    "seizure": "he had a {}",
    "bleeding": "{} won't stop",
    "suicide": "thinking about {}",
    "ambulance": "call {}",
    "emergency": "this is an {}",
    "spreading": "redness {} by the hour",
    "drooping": "my face is {}",
    "unbearable": "the pain is {}",
}


@pytest.mark.parametrize("kind", ["dropped", "doubled", "swapped"])
@pytest.mark.parametrize("word", KEY_WORDS)
def test_one_typo_in_a_key_word_is_forgiven(word: str, kind: str) -> None:
    # The first letter stays: few mistype it, and it keeps other words apart.
    typos = {one_typo(word, kind, place) for place in range(1, len(word) - 1)}
    typos -= {"selling"}  # a word of its own
    lost = [t for t in typos if FLAGS.judge(KEY_WORDS[word].format(t)).urgency is Urgency.NONE]
    assert lost == []


@pytest.mark.parametrize(
    "text", ["breth problem", "cant brethe", "my lips are swolen", "lip swelin", "suicde"]
)
def test_the_usual_misspellings_are_known(text: str) -> None:
    assert FLAGS.judge(text).urgency is not Urgency.NONE


def test_the_very_first_message_may_be_the_emergency() -> None:
    assert FLAGS.judge("my lips are swelling") == Judgement(Urgency.EMERGENCY, "E02", "en")


@pytest.mark.parametrize(
    "text",
    [
        "took tablets to die",
        "I want to die, I took 20 tablets",
        "I want to kill myself and I can't breathe",
        "I have pills in my hand and I want to die",
        "I don't want to live, I cut my wrists",
    ],
)
def test_an_emergency_beside_a_crisis_comes_first(text: str) -> None:
    assert FLAGS.judge(text).urgency is Urgency.EMERGENCY


@pytest.mark.parametrize(
    "text",
    [
        "no fever but I can't breathe",
        "I have no swelling. My chest hurts.",
        "no, my lips are swelling",
        "last year I had chest pain, fine now, but today I can't breathe",
        "can exosomes cause breathing trouble? I can't breathe now",
        "can exosomes cause breathing trouble i cant breathe",
        "my hair turned grey and my lips turned blue",
        "I can't see the price and I have chest pain",
        "I hurt myself shaving and it won't stop bleeding",
    ],
)
def test_a_harmless_part_does_not_hide_a_sign(text: str) -> None:
    assert FLAGS.judge(text).urgency is Urgency.EMERGENCY


# --- any text -----------------------------------------------------------------------------------

HARMLESS_WORDS = [
    "hello",
    "please",
    "thanks",
    "ma'am",
    "kindly",
    "share",
    "details",
    "morning",
    "there",
]
padding = st.lists(st.sampled_from(HARMLESS_WORDS), max_size=40).map(" ".join)


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_text_gets_a_judgement(text: str) -> None:
    judgement = FLAGS.judge(text)
    assert judgement.language in {"en", "hi_latn", "hi", "mr"}
    assert (judgement.sign == "CRISIS") == (judgement.urgency is Urgency.CRISIS)


WORDS_OF_SIGNS = sorted({word for _, text in BRIEF for word in text.split()} | {"no", "not", "?"})


@given(st.lists(st.sampled_from(WORDS_OF_SIGNS), max_size=60).map(" ".join))
@settings(max_examples=200, deadline=None)
def test_any_mixture_of_the_signs_words_gets_a_judgement(text: str) -> None:
    assert FLAGS.judge(text) == FLAGS.judge(text)


@given(st.sampled_from(BRIEF), padding, padding)
@settings(max_examples=300, deadline=None)
def test_harmless_words_around_it_never_lose_a_sign(
    case: tuple[str, str], before: str, after: str
) -> None:
    assert FLAGS.judge(f"{before} {case[1]} {after}").sign != ""


@pytest.mark.parametrize(
    "unit",
    [
        "no chest pain ",
        "my lips and face ",
        "last year chest pain fine now ",
        "can it cause chest pain ",
        "saans ki ",
        "a",
        "cant cant cant ",
        "rash all over fever confused ",
    ],
)
def test_the_work_grows_with_the_length_and_not_faster(
    unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted are the words looked up: ten times the text may cost twelve times as much."""
    from bot.clinic.red_flags.notation import Index  # noqa: PLC0415

    looked_up = 0
    find = Index.find

    def counting(self: Any, message: Any, first: int = 0, end: int | None = None) -> Any:
        nonlocal looked_up
        looked_up += (len(message.words) if end is None else end) - first
        return find(self, message, first, end)

    monkeypatch.setattr(Index, "find", counting)

    def work(length: int) -> int:
        nonlocal looked_up
        looked_up = 0
        FLAGS.judge((unit * length)[:length])
        return looked_up

    assert work(10_000) <= 12 * max(work(1_000), 50)


# --- the language of a message ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "my lips are swelling"),
        ("en", ""),
        ("en", "12345 \U0001f600"),
        ("en", "Is the Mumbai clinic open on Diwali?"),
        ("hi_latn", "saans nahi aa rahi"),
        ("hi_latn", "exosome ka price kya hai"),
        ("hi_latn", "mala shwas gheta yet nahi"),
        ("hi", "मुझे कीमत बताइए"),
        ("hi", "exosome treatment की कीमत क्या है"),
        ("mr", "किंमत किती आहे"),
        ("mr", "मला दोन दिवसांपासून त्रास होतोय"),
        ("other", "كم السعر"),
        ("other", "விலை என்ன"),
        ("other", "сколько стоит"),
        ("other", "价格是多少"),
    ],
)
def test_the_language_of_a_message(language: str, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("language", "text"), [*(("hi", t) for _, t in HINDI), *(("mr", t) for _, t in MARATHI)]
)
def test_a_wording_of_the_brief_is_answered_in_its_language(language: str, text: str) -> None:
    assert FLAGS.judge(text).language == language


def test_a_sign_in_latin_letters_within_another_script_is_found() -> None:
    assert FLAGS.judge("விலை என்ன emergency") == Judgement(Urgency.EMERGENCY, "E15", "en")


# --- the reply ----------------------------------------------------------------------------------

LANGUAGES = ["en", "hi_latn", "hi", "mr"]
SIGNS = [f"E{number:02}" for number in range(1, 16)]


def reply(urgency: Urgency, sign: str, language: str, *, is_open: bool = True) -> str:
    return safety_text(Judgement(urgency, sign, language), TEXTS, FACTS, is_open=is_open)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_action_text_is_short_and_has_the_number_first(language: str) -> None:
    action = TEXTS["emergency"]["action"][language].format_map(FACTS)
    assert len(action) <= 250
    assert "112" in action.splitlines()[0]
    assert "108" in action.splitlines()[0]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_emergency_is_answered_in_the_language_and_then_in_english(
    sign: str, language: str
) -> None:
    text = reply(Urgency.EMERGENCY, sign, language)
    action = {key: TEXTS["emergency"]["action"][key].format_map(FACTS) for key in LANGUAGES}
    assert text.startswith(action[language])
    assert text.count(action["en"]) == 1
    assert "{" not in text
    assert "\n\n" not in text
    extra = TEXTS["emergency"]["extra"].get(sign)
    if extra:
        assert extra[language].format_map(FACTS) in text.splitlines()
        assert set(extra) == set(LANGUAGES)


def test_an_english_emergency_is_said_once_with_its_extra_line_below() -> None:
    assert reply(Urgency.EMERGENCY, "E13", "en").splitlines() == [
        "This could be an emergency. Call 112 or 108 now, or go to the nearest emergency "
        "department. Outside India call the local emergency number. Do not wait for a reply here.",
        "Keep pressing.",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crisis_reply_gives_the_number_and_promises_only_what_will_happen(language: str) -> None:
    open_text = reply(Urgency.CRISIS, "CRISIS", language, is_open=True)
    closed_text = reply(Urgency.CRISIS, "CRISIS", language, is_open=False)
    for text in (open_text, closed_text):
        assert text.count("14416") == (1 if language == "en" else 2)
        assert "112" in text
        assert text.splitlines()[-1].startswith("I'm really sorry you feel this much pain.")
    assert open_text.endswith("Our team has been told; please do not wait for us.")
    assert closed_text.endswith("reads this when we open; please do not wait for us.")


def test_a_same_day_sign_is_answered_by_the_hour() -> None:
    open_lines = reply(Urgency.SAME_DAY, "", "en", is_open=True).splitlines()
    closed_lines = reply(Urgency.SAME_DAY, "", "en", is_open=False).splitlines()
    assert open_lines[0] == "Please call the clinic today on +91 99999 00001."
    assert closed_lines[0] == "We are closed until Monday 10:00. Call +91 99999 00002 now."
    assert open_lines[1] == closed_lines[1]
    assert open_lines[1].endswith("fever with confusion: 112 or 108.")


@pytest.mark.parametrize("urgency", [Urgency.NONE, Urgency.EXPECTED])
def test_there_is_no_safety_text_where_nothing_is_urgent(urgency: Urgency) -> None:
    with pytest.raises(ValueError, match=urgency.value):
        reply(urgency, "", "en")


def test_a_missing_number_is_an_error_and_never_an_empty_text() -> None:
    with pytest.raises(KeyError):
        safety_text(Judgement(Urgency.EMERGENCY, "E01"), TEXTS, {}, is_open=True)


# --- the notation of signs.yml ------------------------------------------------------------------


def signs_with(pattern: str) -> dict[str, Any]:
    return {**read_signs(), "signs": [{"id": "E01", "patterns": {"en": [pattern]}}]}


@pytest.mark.parametrize("pattern", [".. breathe", "[my] breathe", ""])
def test_a_pattern_must_begin_with_a_word(pattern: str) -> None:
    with pytest.raises(ValueError, match="may not begin"):
        RedFlags(signs_with(pattern))


def test_a_pattern_may_not_name_an_unknown_group() -> None:
    with pytest.raises(KeyError):
        RedFlags(signs_with("<nothing> breathe"))


def test_a_stem_may_not_be_too_long_for_the_index() -> None:
    with pytest.raises(ValueError, match="stem"):
        RedFlags(signs_with("anaphylacticshocks*"))


def test_every_sign_of_the_brief_has_patterns_in_every_language() -> None:
    languages: dict[str, set[str]] = {}
    for entry in read_signs()["signs"]:
        languages.setdefault(entry["id"], set()).update(entry.get("patterns", {}))
    everything = {"en", "hi_latn", "hi", "mr"}
    same_day = {f"D{number:02}" for number in range(1, 18)}
    expected = {f"X{number:02}" for number in range(1, 9)}
    assert set(languages) == {*SIGNS, "CRISIS", *same_day, *expected}
    # The rash of E03 is written as pairs, which belong to no one language.
    incomplete = {sign for sign, has in languages.items() if has != everything}
    # A faint that is over is told in few words, most of them pairs too.
    assert incomplete - {"D13", "D14"} == {"E03"}


def test_a_spelling_may_not_be_right_and_wrong_at_once() -> None:
    signs = read_signs()
    signs["spellings"] = {"breath": "breth", "breathe": "breath"}
    with pytest.raises(ValueError, match="breath"):
        RedFlags(signs)


@pytest.mark.parametrize(
    "text",
    [
        "i am choking on my food",
        "i cant see please transfer me to a doctor",
        "how long will the ambulance take please",
        "i feel faint after injections",
        "they sent me home and i cant breathe after the peel",
    ],
)
def test_a_harmless_phrase_covers_no_more_than_its_own_words(text: str) -> None:
    assert FLAGS.judge(text).urgency is Urgency.EMERGENCY
