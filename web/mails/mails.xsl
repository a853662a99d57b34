<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- Mails: each event gives a subject and what stands in the text; web/text.c lays it out. -->

    <xsl:output method="xml"/>

    <xsl:variable name="url" select="concat(/mail/service/@url, '/certificates/', /mail/@number)"/>

    <xsl:template match="/mail">
        <mail>
            <xsl:apply-templates select="." mode="subject"/>
            <xsl:apply-templates select="." mode="first"/>
            <xsl:call-template name="what"/>
            <xsl:apply-templates select="." mode="more"/>
            <xsl:if test="not(@by-desk or @desk or @event = 'renewal-due' or @event = 'pickup-locked' or @event = 'pickup-ending')"> <!-- named above -->
                <p><m:t k="mail.see"/></p>
                <url><xsl:value-of select="$url"/></url>
            </xsl:if>
            <xsl:call-template name="sender"/>
        </mail>
    </xsl:template>

    <!-- The digest is about an institution, for those who look after it. -->
    <xsl:template match="/mail[@event = 'digest']">
        <xsl:variable name="waiting" select="sum(item[@kind = 'approval'][1]/@n | item[@kind = 'locked'][1]/@n | item[@kind = 'mail'][1]/@n)"/>
        <mail>
            <subject><xsl:choose>
                <xsl:when test="$waiting &gt; 0"><m:t k="mail.digest.subject.waiting" n="$waiting" institution="i:name(institution)"/></xsl:when>
                <xsl:otherwise><m:t k="mail.digest.subject" institution="i:name(institution)"/></xsl:otherwise>
            </xsl:choose></subject>
            <p><m:t k="mail.digest.open"/></p>
            <url><xsl:value-of select="concat(service/@url, '/helpdesk')"/></url>
            <xsl:apply-templates select="item[@kind = 'approval']" mode="digest"/>
            <xsl:apply-templates select="item[@kind = 'locked']" mode="digest"/>
            <xsl:apply-templates select="item[@kind = 'mail']" mode="digest"/>
            <xsl:apply-templates select="item[@kind = 'revoked']" mode="digest"/>
            <xsl:apply-templates select="item[@kind = 'ending']" mode="digest"/>
            <p><m:t k="mail.digest.often" service="i:name(service)"/></p>
        </mail>
    </xsl:template>
    <xsl:template match="item" mode="digest">
        <xsl:variable name="kind" select="@kind"/>
        <xsl:variable name="rest" select="@n - count(../item[@kind = $kind])"/>
        <xsl:if test="not(preceding-sibling::item[@kind = $kind])"><p><m:t k="mail.digest.kind.{@kind}" n="@n" since="i:moment(../@since)"/></p></xsl:if>
        <li><m:t k="mail.digest.item" number="@number" name="i:name(.)" type="i:message('type.', @type)" day="i:day(@at)"/></li>
        <xsl:if test="not(following-sibling::item[@kind = $kind])">
            <xsl:if test="$rest &gt; 0"><li><m:t k="mail.digest.more" n="$rest"/></li></xsl:if>
            <xsl:if test="$kind = 'ending'"><url><xsl:value-of select="concat(../service/@url, '/helpdesk/ending')"/></url></xsl:if>
            <xsl:if test="$kind = 'approval'"><url><xsl:value-of select="concat(../service/@url, '/helpdesk/find?state=approval')"/></url></xsl:if>
        </xsl:if>
    </xsl:template>

    <xsl:template match="mail" mode="subject"><xsl:message terminate="yes">no such mail</xsl:message></xsl:template>
    <xsl:template match="mail" mode="first"/>
    <xsl:template match="mail" mode="more"/>

    <!-- What the IdP says otherwise than certificates do, and certificates that may be in nobody's use. -->
    <xsl:template match="/mail[@event = 'change' or @event = 'in-use']">
        <mail>
            <xsl:apply-templates select="." mode="subject"/>
            <xsl:apply-templates select="change"/>
            <url><xsl:value-of select="service/@url"/>/certificates</url>
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.change-numbers"/></xsl:with-param>
                <xsl:with-param name="value"><xsl:apply-templates select="change" mode="numbers"/></xsl:with-param>
            </xsl:call-template>
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.fact.whom"/></xsl:with-param>
                <xsl:with-param name="value"><m:t k="mail.fact.whom.value" person="i:name(person)"/></xsl:with-param>
            </xsl:call-template>
            <xsl:apply-templates select="." mode="more"/>
            <xsl:call-template name="sender"/>
        </mail>
    </xsl:template>
    <xsl:template match="mail[@event = 'change']" mode="subject"><subject><xsl:choose>
        <xsl:when test="change/@due"><m:t k="mail.change-due.subject" day="i:day(change/@due)"/></xsl:when>
        <xsl:otherwise><m:t k="mail.change-subject.{change/@kind}"/></xsl:otherwise>
    </xsl:choose></subject></xsl:template>
    <xsl:template match="mail[@event = 'in-use']" mode="subject"><subject><m:t k="mail.in-use.subject"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'change']" mode="more"><p><m:t k="mail.change-not-you"/></p></xsl:template>
    <xsl:template match="mail[@event = 'in-use']" mode="more"><p><m:t k="mail.in-use.else"/></p></xsl:template>
    <xsl:template match="change">
        <p><xsl:choose>
            <xsl:when test="@is"><m:t k="mail.changed.{@kind}" was="@was" is="@is"/></xsl:when>
            <xsl:otherwise><m:t k="mail.changed-none.{@kind}" was="@was"/></xsl:otherwise>
        </xsl:choose></p>
        <xsl:if test="@due"><p><m:t k="mail.change-due.text" due="i:moment(@due)"/></p></xsl:if>
        <p><xsl:choose>
            <xsl:when test="@rule = 'revoke'"><m:t k="mail.change-revoke.{@kind}"/></xsl:when>
            <xsl:when test="@rule = 're-issue'"><m:t k="mail.change-re-issue.{@kind}"/></xsl:when>
            <xsl:otherwise><m:t k="mail.change-warn.{@kind}"/></xsl:otherwise>
        </xsl:choose></p>
    </xsl:template>
    <xsl:template match="change[@kind = 'absent']"><p><m:t k="mail.in-use.ask" seen="i:day(@seen)"/></p></xsl:template>
    <xsl:template match="change" mode="numbers">
        <xsl:variable name="numbers"><xsl:for-each select="number"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="."/></xsl:for-each></xsl:variable>
        <xsl:choose>
            <xsl:when test="@count &gt; count(number)"><m:t k="mail.change-numbers.more" numbers="string($numbers)" n="@count"/></xsl:when>
            <xsl:otherwise><xsl:value-of select="$numbers"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- What it is about -->
    <xsl:template name="what">
        <xsl:call-template name="fact">
            <xsl:with-param name="name"><m:t k="mail.fact.request"/></xsl:with-param>
            <xsl:with-param name="value" select="string(@number)"/>
        </xsl:call-template>
        <xsl:call-template name="fact">
            <xsl:with-param name="name"><m:t k="mail.fact.type"/></xsl:with-param>
            <xsl:with-param name="value"><xsl:value-of select="i:message('type.', @type)"/><m:t k="months.short" months="@months"/></xsl:with-param>
        </xsl:call-template>
        <xsl:if test="@memo != ''">
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.fact.memo"/></xsl:with-param>
                <xsl:with-param name="value" select="string(@memo)"/>
            </xsl:call-template>
        </xsl:if>
        <xsl:call-template name="fact">
            <xsl:with-param name="name"><m:t k="mail.fact.whom"/></xsl:with-param>
            <xsl:with-param name="value"><m:t k="mail.fact.whom.value" person="i:name(person)"/></xsl:with-param>
        </xsl:call-template>
        <xsl:if test="pickup/@not-after">
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.fact.not-after"/></xsl:with-param>
                <xsl:with-param name="value" select="i:moment(pickup/@not-after)"/>
            </xsl:call-template>
        </xsl:if>
        <xsl:apply-templates select="certificate" mode="facts"/>
    </xsl:template>

    <xsl:template match="certificate" mode="facts">
        <xsl:if test="@serial">
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.fact.serial"/></xsl:with-param>
                <xsl:with-param name="value" select="string(@serial)"/>
            </xsl:call-template>
        </xsl:if>
        <xsl:if test="@subject">
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.fact.subject"/></xsl:with-param>
                <xsl:with-param name="value" select="string(@subject)"/>
            </xsl:call-template>
        </xsl:if>
        <xsl:if test="@not-after">
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.fact.not-after"/></xsl:with-param>
                <xsl:with-param name="value" select="i:moment(@not-after)"/>
            </xsl:call-template>
        </xsl:if>
        <xsl:if test="@revoked-at">
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.fact.revoked-at"/></xsl:with-param>
                <xsl:with-param name="value" select="i:moment(@revoked-at)"/>
            </xsl:call-template>
        </xsl:if>
        <xsl:if test="@reason and i:has('revoke.reason.', @reason)">
            <xsl:call-template name="fact">
                <xsl:with-param name="name"><m:t k="mail.fact.reason"/></xsl:with-param>
                <xsl:with-param name="value" select="i:message('revoke.reason.', @reason)"/>
            </xsl:call-template>
        </xsl:if>
    </xsl:template>

    <xsl:template name="fact">
        <xsl:param name="name"/>
        <xsl:param name="value"/>
        <fact><m:t k="mail.fact" name="$name" value="$value"/></fact>
    </xsl:template>

    <xsl:template name="sender">
        <fact><m:t k="mail.desk"/></fact>
        <xsl:if test="helpdesk/@name != ''"><fact><xsl:value-of select="i:name(helpdesk)"/></fact></xsl:if>
        <xsl:if test="helpdesk/@mail != ''"><fact><xsl:value-of select="helpdesk/@mail"/></fact></xsl:if>
        <xsl:if test="helpdesk/@phone != ''"><fact><xsl:value-of select="helpdesk/@phone"/></fact></xsl:if>
        <p><m:t k="mail.sender" service="i:name(service)" institution="i:name(institution)"/></p>
    </xsl:template>

    <!-- Ready to collect: the URL, never the PIN -->
    <xsl:template match="mail[@event = 'ready']" mode="subject">
        <subject><xsl:choose>
            <xsl:when test="@renewal"><m:t k="mail.ready.subject.renewal" day="i:day(pickup/@until)"/></xsl:when>
            <xsl:otherwise><m:t k="mail.ready.subject" day="i:day(pickup/@until)"/></xsl:otherwise>
        </xsl:choose></subject>
    </xsl:template>
    <xsl:template match="mail[@event = 'ready']" mode="first">
        <p><m:t k="mail.ready.open" until="i:moment(pickup/@until)"/></p>
        <url><xsl:value-of select="pickup/@url"/></url>
        <xsl:choose>
            <xsl:when test="@by-desk"><p><m:t k="mail.ready.pin-desk"/></p></xsl:when>
            <xsl:when test="@desk and @renewal"><p><m:t k="mail.ready.pin-officer-renewal"/></p><url><xsl:value-of select="concat(@desk, '/renew')"/></url></xsl:when>
            <xsl:when test="@desk"><p><m:t k="mail.ready.pin-officer"/></p></xsl:when>
            <xsl:when test="pickup/@pin-mailed"><p><m:t k="mail.ready.pin-mailed"/></p></xsl:when>
            <xsl:otherwise><p><m:t k="mail.ready.pin-portal"/></p></xsl:otherwise>
        </xsl:choose>
        <xsl:if test="@renewal"><p><m:t k="mail.ready.renewal"/></p></xsl:if>
    </xsl:template>
    <xsl:template match="mail[@event = 'ready']" mode="more">
        <p><m:t k="mail.ready.alone"/></p>
        <p><m:t k="mail.not-you"/></p>
    </xsl:template>

    <!-- The PIN, never the URL -->
    <xsl:template match="mail[@event = 'pin']" mode="subject"><subject><m:t k="mail.pin.subject"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'pin']" mode="first">
        <p><m:t k="mail.pin.use"/></p>
        <code><xsl:value-of select="pin"/></code>
        <p><m:t k="mail.pin.twice"/></p>
    </xsl:template>
    <xsl:template match="mail[@event = 'pin']" mode="more">
        <p><m:t k="mail.pin.keep" until="i:moment(pickup/@until)"/></p>
        <p><m:t k="mail.not-you"/></p>
    </xsl:template>

    <xsl:template match="mail[@event = 'collected']" mode="subject"><subject><m:t k="mail.collected.subject"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'collected']" mode="first">
        <p><m:t k="mail.collected.done"/></p>
        <p><m:t k="mail.collected.not-you"/></p>
        <p><m:t k="mail.by-code"/></p>
        <url><xsl:value-of select="concat(service/@url, '/revoke')"/></url>
    </xsl:template>
    <xsl:template match="mail[@event = 'collected']" mode="more">
        <xsl:if test="pickup/@until"><p><m:t k="mail.collected.again" until="i:moment(pickup/@until)"/></p></xsl:if>
        <xsl:if test="@renewal"><p><m:t k="mail.collected.renewal"/></p></xsl:if>
        <xsl:if test="@type = 'smime'"><p><m:t k="mail.collected.smime"/></p></xsl:if>
    </xsl:template>

    <xsl:template match="mail[@event = 'revoked']" mode="subject"><subject><m:t k="mail.revoked.subject"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'revoked']" mode="first">
        <p><m:t k="mail.revoked.done"/></p>
    </xsl:template>
    <xsl:template match="mail[@event = 'revoked']" mode="more">
        <p><m:t k="mail.revoked.next"/></p>
        <xsl:if test="@type = 'smime'"><p><m:t k="mail.keep-file"/></p></xsl:if>
        <p><m:t k="mail.revoked.not-you"/></p>
    </xsl:template>

    <xsl:template match="mail[@event = 'renewal-due']" mode="subject">
        <subject><xsl:choose>
            <xsl:when test="item"><m:t k="mail.due.subject.several" n="count(item)" day="i:day(item[1]/@at)"/></xsl:when>
            <xsl:when test="pickup"><m:t k="mail.due.subject.waiting" day="i:day(certificate/@not-after)"/></xsl:when>
            <xsl:when test="@days = 1"><m:t k="mail.due.subject.1"/></xsl:when>
            <xsl:otherwise><m:t k="mail.due.subject" days="@days" day="i:day(certificate/@not-after)"/></xsl:otherwise>
        </xsl:choose></subject>
    </xsl:template>
    <xsl:template match="mail[@event = 'renewal-due' and item]" mode="first" priority="1">
        <p><m:t k="mail.due.several"/></p>
        <url><xsl:value-of select="concat(service/@url, '/certificates')"/></url>
        <p><m:t k="mail.due.list"/></p>
        <xsl:for-each select="item">
            <li><xsl:choose>
                <xsl:when test="@memo"><m:t k="mail.due.item" number="@number" memo="@memo" type="i:message('type.', @type)" day="i:day(@at)"/></xsl:when>
                <xsl:otherwise><m:t k="mail.due.item.plain" number="@number" type="i:message('type.', @type)" day="i:day(@at)"/></xsl:otherwise>
            </xsl:choose></li>
        </xsl:for-each>
        <p><m:t k="mail.due.reminded"/></p>
    </xsl:template>
    <xsl:template match="mail[@event = 'renewal-due']" mode="first">
        <xsl:choose>
            <xsl:when test="pickup"><p><m:t k="mail.due.waiting" end="i:moment(certificate/@not-after)" until="i:moment(pickup/@until)"/></p></xsl:when>
            <xsl:when test="@by-desk"><p><m:t k="mail.due.desk" end="i:moment(certificate/@not-after)"/></p></xsl:when>
            <xsl:otherwise><p><m:t k="mail.due.renew" end="i:moment(certificate/@not-after)"/></p></xsl:otherwise>
        </xsl:choose>
        <xsl:if test="not(@by-desk)"><url><xsl:value-of select="$url"/></url></xsl:if>
        <p><m:t k="mail.due.after.{@type}"/></p>
        <xsl:if test="@why = 'desk'"><p><m:t k="mail.due.reminded"/></p></xsl:if>
    </xsl:template>
    <xsl:template match="mail[@event = 'renewal-due']" mode="more">
        <xsl:if test="not(@by-desk)">
            <p><m:t k="mail.due.off"/></p>
            <url><xsl:value-of select="service/@url"/>/account</url>
        </xsl:if>
    </xsl:template>

    <xsl:template match="mail[@event = 'expired']" mode="subject"><subject><m:t k="mail.expired.subject"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'expired']" mode="first">
        <p><m:t k="mail.expired.done" end="i:moment(certificate/@not-after)"/></p>
        <xsl:if test="not(@by-desk)"><url><xsl:value-of select="service/@url"/>/certificates</url></xsl:if>
    </xsl:template>
    <xsl:template match="mail[@event = 'expired']" mode="more">
        <xsl:if test="@type = 'smime'"><p><m:t k="mail.keep-file"/></p></xsl:if>
    </xsl:template>

    <xsl:template match="mail[@event = 'pickup-locked']" mode="subject"><subject><xsl:choose>
        <xsl:when test="@collected"><m:t k="mail.locked.subject.again"/></xsl:when>
        <xsl:otherwise><m:t k="mail.locked.subject"/></xsl:otherwise>
    </xsl:choose></subject></xsl:template>
    <xsl:template match="mail[@event = 'pickup-locked']" mode="first">
        <p><m:t k="mail.locked.done"/></p>
        <xsl:choose>
            <xsl:when test="@collected"><p><m:t k="mail.locked.next.again"/></p></xsl:when>
            <xsl:when test="@by-desk"><p><m:t k="mail.locked.next.desk"/></p></xsl:when>
            <xsl:otherwise><p><m:t k="mail.locked.next"/></p></xsl:otherwise>
        </xsl:choose>
        <xsl:if test="not(@by-desk)"><url><xsl:value-of select="$url"/></url></xsl:if>
    </xsl:template>
    <xsl:template match="mail[@event = 'pickup-locked']" mode="more"><p><m:t k="mail.locked.not-you"/></p></xsl:template>

    <xsl:template match="mail[@event = 'pickup-ending']" mode="subject"><subject><m:t k="mail.ending.subject" day="i:day(pickup/@until)"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'pickup-ending']" mode="first">
        <p><m:t k="mail.ending.until" until="i:moment(pickup/@until)"/></p>
        <xsl:choose>
            <xsl:when test="@by-desk"><p><m:t k="mail.ending.lost-mail.desk"/></p></xsl:when>
            <xsl:otherwise><p><m:t k="mail.ending.lost-mail"/></p><url><xsl:value-of select="$url"/></url></xsl:otherwise>
        </xsl:choose>
    </xsl:template>
    <xsl:template match="mail[@event = 'pickup-ending']" mode="more"><p><m:t k="mail.ending.else"/></p></xsl:template>

    <xsl:template match="mail[@event = 'lapsed']" mode="subject"><subject><xsl:choose>
        <xsl:when test="@why = 'withdraw'"><m:t k="mail.lapsed.subject.withdraw"/></xsl:when>
        <xsl:otherwise><m:t k="mail.lapsed.subject"/></xsl:otherwise>
    </xsl:choose></subject></xsl:template>
    <xsl:template match="mail[@event = 'lapsed']" mode="first">
        <xsl:choose>
            <xsl:when test="@why = 'withdraw'"><p><m:t k="mail.lapsed.withdrawn"/></p></xsl:when>
            <xsl:otherwise><p><m:t k="mail.lapsed.done"/></p></xsl:otherwise>
        </xsl:choose>
        <xsl:choose>
            <xsl:when test="@renewal"><p><m:t k="mail.lapsed.stays" end="i:moment(certificate/@not-after)"/></p></xsl:when>
            <xsl:otherwise><p><m:t k="mail.lapsed.again"/></p></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- Of an officer's certificate: its owner has no page at the portal, and asks the operator -->
    <xsl:template match="mail[@desk and @event = 'collected']" mode="first" priority="2"><p><m:t k="mail.collected.done"/></p><p><m:t k="mail.officer-cert.not-you"/></p></xsl:template>
    <xsl:template match="mail[@desk and @event = 'revoked']" mode="more" priority="2"><p><m:t k="mail.officer-cert.remove"/></p><p><m:t k="mail.revoked.not-you"/></p></xsl:template>
    <xsl:template match="mail[@desk and @event = 'renewal-due']" mode="first" priority="2">
        <xsl:choose>
            <xsl:when test="pickup"><p><m:t k="mail.due.officer.waiting" end="i:moment(certificate/@not-after)" until="i:moment(pickup/@until)"/></p></xsl:when>
            <xsl:otherwise><p><m:t k="mail.due.officer" end="i:moment(certificate/@not-after)"/></p></xsl:otherwise>
        </xsl:choose>
        <url><xsl:value-of select="concat(@desk, '/renew')"/></url>
        <p><m:t k="mail.due.after.officer"/></p>
    </xsl:template>
    <xsl:template match="mail[@desk and @event = 'renewal-due']" mode="more" priority="2"/>
    <xsl:template match="mail[@desk and @event = 'expired']" mode="first" priority="2"><p><m:t k="mail.officer-cert.expired" end="i:moment(certificate/@not-after)"/></p></xsl:template>
    <xsl:template match="mail[@desk and @event = 'pickup-locked']" mode="first" priority="2">
        <p><m:t k="mail.locked.done"/></p>
        <p><xsl:choose><xsl:when test="@collected"><m:t k="mail.locked.officer.again"/></xsl:when><xsl:otherwise><m:t k="mail.locked.officer"/></xsl:otherwise></xsl:choose></p>
    </xsl:template>
    <xsl:template match="mail[@desk and @event = 'pickup-ending']" mode="first" priority="2"><p><m:t k="mail.ending.until" until="i:moment(pickup/@until)"/></p><p><m:t k="mail.ending.officer"/></p></xsl:template>
    <xsl:template match="mail[@desk and @event = 'lapsed' and not(@renewal)]" mode="first" priority="2">
        <p><xsl:choose><xsl:when test="@why = 'withdraw'"><m:t k="mail.lapsed.withdrawn"/></xsl:when><xsl:otherwise><m:t k="mail.lapsed.done"/></xsl:otherwise></xsl:choose></p>
        <p><m:t k="mail.officer-cert.none"/></p>
    </xsl:template>
    <xsl:template match="mail[@desk and @event = 'officer-act' and @why = 'new-pin']" mode="first" priority="2"><p><m:t k="mail.officer-cert.new-pin"/></p></xsl:template>

    <xsl:template match="mail[@event = 'approval']" mode="subject"><subject><m:t k="mail.approval.subject"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'approval']" mode="first"><p><m:t k="mail.approval.text"/></p></xsl:template>
    <xsl:template match="mail[@event = 'officer-act']" mode="subject"><subject><m:t k="mail.officer.subject.{@why}"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'officer-act']" mode="first"><p><m:t k="mail.officer.{@why}"/></p></xsl:template>
    <xsl:template match="mail[@event = 'officer-act']" mode="more"><p><m:t k="mail.officer.not-you"/></p></xsl:template>
    <xsl:template match="mail[@event = 'refused']" mode="subject"><subject><m:t k="mail.refused.subject"/></subject></xsl:template>
    <xsl:template match="mail[@event = 'refused']" mode="first">
        <xsl:choose>
            <xsl:when test="refusal"><p><m:t k="mail.refused.why"/></p><quote><xsl:value-of select="refusal"/></quote></xsl:when>
            <xsl:otherwise><p><m:t k="mail.refused.text"/></p></xsl:otherwise>
        </xsl:choose>
    </xsl:template>
</xsl:stylesheet>
